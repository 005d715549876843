/** The tightest sandbox of systemd.exec(5), for a unit written by hand: a user and a network of its own, and no new socket. */
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

/** A description of a service in it that tells the service manager all there is to tell, from its main process alone. */
export const SANDBOXED_APP = {
  name: "app",
  sockets: [{ listen: 80 }],
  type: "notify-reload",
  watchdogSec: "2s",
  drainTimeout: "5s",
  hardening: "inbound",
} as const;
