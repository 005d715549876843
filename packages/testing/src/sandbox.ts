/**
 * The strictest sandbox of systemd.exec(5), as lines of a unit: a dynamic user, a private network, and no new
 * sockets.
 */
export const SANDBOX = `DynamicUser=yes
PrivateNetwork=yes
PrivateUsers=yes
PrivateDevices=yes
ProtectProc=invisible
ProcSubset=pid
ProtectSystem=strict
ProtectHome=yes
RestrictAddressFamilies=none
IPAddressDeny=any
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
CapabilityBoundingSet=`;

/**
 * A description of a service in this sandbox. Only its main process sends notifications to the service
 * manager.
 */
export const SANDBOXED_APP = {
  name: "app",
  sockets: [{ listen: 80 }],
  type: "notify-reload",
  watchdogSec: "2s",
  drainTimeout: "5s",
  hardening: "inbound",
} as const;
