/**
 * Variables that systemd or libsystemd sets. Environment= would override them, and the service would not find
 * its sockets.
 */
export const systemdVariables: RegExp =
  /^(?:LISTEN_(?:PID|FDS|FDNAMES|PIDFDID)|NOTIFY_SOCKET|WATCHDOG_(?:PID|USEC))$/;
