/**
 * Why each directive is written that no description asked for; those of the sandbox are in measures.ts.
 *
 * A directive can be added only if it has a reason here.
 */
export const reasons = {
  // Both units
  Description: "The name that systemctl status and the journal show.",
  // The socket unit
  FileDescriptorName: "The name by which the service tells its sockets apart.",
  Service: "What to start, since the service is not named after this socket.",
  TriggerLimitIntervalSec:
    "A service that ends without accepting must not take the port down with it: a limit would leave the socket failed.",
  PollLimitIntervalSec: "Instead, traffic that nobody accepts wakes systemd only so often in this span.",
  PollLimitBurst: "How often in that span; both are systemd's own values.",
  WantedBy: "The socket listens from boot on.",
  // The service unit
  Requires: "Started by hand, too, the service gets its socket.",
  After: "The socket listens before the service starts.",
  StartLimitIntervalSec:
    "After a crash loop, too, the next connection starts the service: a limit would fail the socket until someone resets it.",
  CollectMode: "The unit of a connection that failed is forgotten too: otherwise they would pile up.",
  StandardInput: "The connection is standard input.",
  StandardOutput: "What the program prints is the answer.",
  StandardError: "Errors are for the journal, not for the client.",
  Type: "The new instance counts as started once it is ready, and only then may the old one stop.",
  NotifyAccess: "Notifications count from the main process alone.",
  OpenFile:
    "The socket for notifications comes as a file descriptor: no native code, and no unix socket to make.",
  TimeoutStopSec: "Longer than the drain, which a kill would cut short.",
  Restart: "A crash is repaired, an exit with 0 is left alone: the next connection starts the service again.",
  RestartSec: "The default of 100 ms makes a crash loop costly.",
  NonBlocking: "The sockets arrive in non-blocking mode, as event loops need them.",
  Sockets: "All sockets are passed, whatever started the service.",
  Also: "systemctl enable of the service enables its sockets.",
  DefaultInstance: "systemctl enable of the template enables blue, which traffic starts too.",
  // The service's user and folders
  DynamicUser: "The service runs as a user that exists only while it runs and owns no file elsewhere.",
  StateDirectory: "A folder under /var/lib that it may write and that stays.",
  RuntimeDirectoryPreserve:
    "The folder stays when the service stops: sockets that listen in it do, and so may another instance.",
  Environment: "A home it can write: a user that exists only while it runs has none.",
} as const;

/** A directive that may be written without having been asked for. */
export type AddedDirective = keyof typeof reasons;
