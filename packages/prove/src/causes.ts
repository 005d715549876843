/** Why a promise is broken. docs/codes/prove.md describes each; its words are in formats. */
export const CAUSES = [
  /** Its handler of SIGTERM calls `process.exit()` while responses are under way. */
  "SOCKACT_PROVE_EXIT",
  /** It calls `closeAllConnections()`, or destroys the connections, at a stop. */
  "SOCKACT_PROVE_CLOSE",
  /** It ignores SIGTERM: systemd has killed it after `TimeoutStopSec=`. */
  "SOCKACT_PROVE_SIGTERM",
  /** It ends after SIGHUP, which a reload sends. */
  "SOCKACT_PROVE_SIGHUP",
  /** It ends with another status than 0, so systemd calls it failed. */
  "SOCKACT_PROVE_RESULT",
  /** A timer or a connection keeps it awake. */
  "SOCKACT_PROVE_AWAKE",
  /** Something of it is open at its end, such as a timer or a pool of connections, so it is killed. */
  "SOCKACT_PROVE_OPEN",
  /** It leaves descriptors open. */
  "SOCKACT_PROVE_DESCRIPTORS",
  /** It keeps memory. */
  "SOCKACT_PROVE_MEMORY",
  /** It writes outside its folders. */
  "SOCKACT_PROVE_WRITE",
  /** It opens a port of its own. */
  "SOCKACT_PROVE_PORT",
  /** It starts slowly. */
  "SOCKACT_PROVE_SLOW",
  /** It says that it is ready long before it answers. */
  "SOCKACT_PROVE_WAIT",
  /** It does not say that it is ready: it does not listen on the socket. */
  "SOCKACT_PROVE_READY",
  /** A process that it has started lives on. */
  "SOCKACT_PROVE_CHILD",
  /** It blocks the event loop. */
  "SOCKACT_PROVE_BLOCK",
  /** The sandbox has refused a system call or an address. */
  "SOCKACT_PROVE_REFUSED",
  /** It writes more lines than journald keeps. */
  "SOCKACT_PROVE_LINES",
  /** It crashed. */
  "SOCKACT_PROVE_CRASH",
  /** It answers with another status than expected. */
  "SOCKACT_PROVE_STATUS",
] as const;

export type CauseCode = (typeof CAUSES)[number];
