// What systemd writes into the journal. Each has a line as it was seen, and the versions of systemd that write it so.

/** `shop.service: Main process exited, code=exited, status=1/FAILURE` (252 to 262). Only after a failure. */
export const PROCESS_EXITED = /(Main|Control) process exited, code=(\w+), status=(\d+)\/(\S+)/;

/** `shop.service: Failed at step EXEC spawning /usr/bin/node: No such file or directory` (252 to 262) */
export const STEP_FAILED = /Failed at step \w+ spawning .+: (.+)$/s;

/** `shop.service: Scheduled restart job, restart counter is at 3.` (252 to 262). It is about the run that has ended. */
export const RESTART_SCHEDULED = /Scheduled restart job/;

/** `Started shop.service - The shop.` (252 to 262) */
export const STARTED = /^Started /;

/** `Starting shop.service - The shop...` (252 to 262) */
export const STARTING_OR_STARTED = /^Start(?:ed|ing) /;

/** `Stopping shop.service - The shop...` (252 to 262) */
export const STOPPING = /^Stopping /;

/** `Stopped shop.service - The shop.` (252 to 262). systemd also writes it before a start of Restart=, together with {@link RESTART_SCHEDULED}. */
export const STOPPED = /^Stopped /;

/** `shop.service: Failed with result 'exit-code'.` (252 to 262) */
export const PROCESS_FAILED = /Failed with result '(?:exit-code|signal|core-dump)'/;

/** `shop.service: Failed to load environment files: No such file or directory` (252 to 262) */
export const ENVIRONMENT_FILES_FAILED = /Failed to load environment files/;

/** `shop.service: start operation timed out. Terminating.` (252 to 262) */
export const START_TIMED_OUT = /start operation timed out/;

/** `shop.service: Got notification message from PID 42, but reception only permitted for main PID 41` (252 to 262) */
export const MESSAGE_REFUSED =
  /Got notification message from PID \d+, but reception (?:only permitted|is disabled)/;

/** `Dependency failed for shop.service - The shop.` (252 to 262) */
export const DEPENDENCY_FAILED = /^Dependency failed for/;

/** `shop.socket: Trigger limit hit, refusing further activation.` (252 to 262) */
export const TRIGGER_LIMIT = /trigger limit/i;

/** `shop.socket: Socket unit configuration has changed while unit has been running, no open socket file descriptor left. The socket unit is not functional until restarted.` (257) */
export const SOCKET_CHANGED =
  /nit configuration (?:has changed while unit has been|changed while unit was) running/;

/** `shop.socket: Failed to create listening socket ([::]:80): Address already in use` (252 to 262). The reason is one of the C library. */
export const LISTEN_FAILED = /listening socket \((.+?)\): (.+)$/m;

/** Reasons of {@link LISTEN_FAILED}. */
export const IN_USE = "Address already in use";
/** Another process of systemd has written the reason, and the journal may not have its last lines. */
export const REASON_ELSEWHERE = "Input/output error";
export const NOT_PERMITTED = "Permission denied";
export const NO_SUCH_ADDRESS = "Cannot assign requested address";
