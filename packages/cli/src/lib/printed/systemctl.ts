// What systemctl and journalctl print. Each has a line as it was seen, and the versions of systemd.

/** `Job for shop.service failed because the control process exited with error code.` (252 to 262) */
export const JOB_FAILED = /job for/i;

/** `D-Bus connection terminated while waiting for jobs.`, `Message recipient disconnected from message bus without replying` (257). systemd or the bus closes the connection, or does not accept one yet, as during `systemctl daemon-reexec`. */
export const DISCONNECTED = /connection (?:terminated|reset|refused)|disconnected|endpoint is not connected/i;

/** `Failed to get properties: Transport endpoint is not connected` (257). dbus-daemon does not know the user. */
export const BUS_CLOSED = /transport endpoint is not connected/i;

/** `Failed to connect to bus: No medium found` (252 to 262) */
export const BUS_MISSING = /\bbus\b|booted with systemd/;

/** `Failed to restart shop.service: Access denied` (252 to 262) */
export const ACCESS_DENIED = /denied|authentication/i;

/** `systemd 257 (257.9-1~deb13u1)` (252 to 262) */
export const VERSION = /^systemd (\d+)/;

/** `Hint: You are currently not seeing messages from other users and the system.` (252 to 262) */
export const JOURNAL_RESTRICTED = /not seeing messages|insufficient permissions/i;

/** `Failed to parse timestamp: 25:00` (252 to 262) */
export const BAD_TIME = /failed to parse timestamp|invalid.*time/i;

/** `Unknown log level loud` (252 to 262) */
export const BAD_LEVEL = /unknown log level/i;

/** `Bad pattern "(": missing closing parenthesis` (252 to 262) */
export const BAD_PATTERN = /bad pattern/i;
