// What in an app breaks a promise, and what to change. docs/codes/prove.md is made of it. words.ts says how a
// string is filled.
import type { CauseCode } from "../causes.ts";

export interface CauseWords {
  /** What the app does, with the values that are known: the first text whose values all are. */
  readonly says: readonly string[];
  /** What happens then. */
  readonly why: string;
  /** What to change. */
  readonly fix: string;
}

export const CAUSE_WORDS: Readonly<Record<CauseCode, CauseWords>> = {
  SOCKACT_PROVE_EXIT: {
    says: [
      "It calls `process.exit()` at a stop, while {open:response is|responses are} under way.",
      "It calls `process.exit()` at a stop, while responses are under way.",
    ],
    why: "The clients of these responses get a reset connection.",
    fix: "Remove the call, and the handler of the signal if it does nothing else: sockact finishes the responses, and then ends the process. Move your own steps at a stop into `onStop`.",
  },
  SOCKACT_PROVE_CLOSE: {
    says: [
      "It calls {call} at a stop, while {open:response is|responses are} under way.",
      "It calls {call} at a stop, while responses are under way.",
      "It cuts its connections at a stop, while responses are under way.",
    ],
    why: "The clients of these responses get a reset connection.",
    fix: "Remove the call. sockact closes each connection after its last response.",
  },
  SOCKACT_PROVE_SIGTERM: {
    says: [
      "It does not end after SIGTERM: systemd kills it after {seconds:second|seconds}.",
      "It does not end after SIGTERM: systemd kills it.",
    ],
    why: "Each stop and each restart then takes as long as `TimeoutStopSec=`, and the responses that are under way are lost.",
    fix: "Remove the handler of SIGTERM, or end the process in it.",
  },
  SOCKACT_PROVE_SIGHUP: {
    says: ["It ends after SIGHUP, which a reload sends."],
    why: "A reload then is a restart that systemd does not expect, and the clients wait for it.",
    fix: 'Remove the handler of SIGHUP, or name the signals at which the app ends. In NestJS: `app.enableShutdownHooks(["SIGTERM", "SIGINT"])`.',
  },
  SOCKACT_PROVE_RESULT: {
    says: ["It ends with status {status} at a stop.", "It ends with another status than 0 at a stop."],
    why: "systemd calls the service failed, although all is well.",
    fix: "End with `process.exit(0)`. If that is in a package, add the status to `successExitStatus` in the config: `SuccessExitStatus=`.",
  },
  SOCKACT_PROVE_AWAKE: {
    says: [
      "It does not sleep: a {kind} to {peer} keeps it awake.",
      "It does not sleep: a {kind} of {delay:ms} keeps it awake.",
      "It does not sleep: a {kind} keeps it awake.",
      "It does not sleep: something keeps it awake.",
    ],
    why: "sockact lets an app sleep when no client is connected and nothing of it is under way.",
    fix: "Call `unref()` on a timer that may be skipped, and close a connection that nobody uses. If the work must go on, leave out `idleTimeout`.",
  },
  SOCKACT_PROVE_OPEN: {
    says: [
      "A {kind} to {peer} is open at its end, so the process does not end by itself.",
      "A {kind} of {delay:ms} is open at its end, so the process does not end by itself.",
      "A {kind} is open at its end, so the process does not end by itself.",
      "Something is open at its end, so the process does not end by itself.",
    ],
    why: "The process lives until systemd kills it, and each stop and each restart takes as long as `TimeoutStopSec=`.",
    fix: "Close it in `onStop`: `pool.end()`, `client.quit()`, `clearInterval()`.",
  },
  SOCKACT_PROVE_DESCRIPTORS: {
    says: [
      "It leaves {count:descriptor|descriptors} open, such as {target}.",
      "It leaves {count:descriptor|descriptors} open.",
      "It leaves descriptors open.",
    ],
    why: "When it reaches `LimitNOFILE=`, it accepts no connection and opens no file any more.",
    fix: "Close what it opens, also after an error: `await using`, `finally`, or `stream.pipeline()`.",
  },
  SOCKACT_PROVE_MEMORY: {
    says: ["It keeps {bytes:bytes} of memory for each request.", "It keeps memory for each request."],
    why: "It grows until `MemoryMax=`, or until the kernel kills it.",
    fix: "Limit what it caches, and remove each listener that it adds. `node --inspect` and two heap snapshots show what stays.",
  },
  SOCKACT_PROVE_WRITE: {
    says: [
      "It writes {path}, outside its folders ({code}).",
      "It writes {path}, outside its folders.",
      "It writes outside its folders.",
    ],
    why: "The sandbox makes every other folder read-only. A write there fails, and would not survive a deploy.",
    fix: "Write to `process.env.STATE_DIRECTORY` for data, to `CACHE_DIRECTORY` or to `os.tmpdir()`. The config can name more folders: `readWritePaths`.",
  },
  SOCKACT_PROVE_PORT: {
    says: ["It listens on port {port} itself.", "It listens on a port of its own."],
    why: "systemd does not hold this port open: its clients are refused during each restart, and while the app sleeps.",
    fix: "Listen on the socket that systemd passes, with the options of your framework, or name the port with `--listen`.",
  },
  SOCKACT_PROVE_SLOW: {
    says: ["It is ready only after {ms:ms}.", "It starts slowly."],
    why: "The client that wakes it waits so long, and so do all clients during a restart.",
    fix: "Load what few requests need when it is needed, and connect to others after the app listens. `--bundle` reads one file instead of many, and with a handover, no client waits.",
  },
  SOCKACT_PROVE_WAIT: {
    says: [
      "A client waits {ms:ms} more when it has said that it is ready: {ratio:times} the usual wait and a start.",
      "A client waits long for its answer when it has said that it is ready.",
    ],
    why: "It says that it is ready, and can't answer yet. The clients that wait meanwhile are all those of a restart.",
    fix: "Do what the first answers need before the app listens, or in `onListen`, which `READY=1` waits for.",
  },
  SOCKACT_PROVE_READY: {
    says: [
      "It listens only when it has reached {address} ({code}).",
      "It does not say that it is ready within {seconds:second|seconds}.",
      "It does not listen on its socket.",
    ],
    why: "systemd waits for the message that sockact sends when the app listens, and ends a start that takes too long.",
    fix: "Listen on the socket that systemd passes. `sockact doctor` says why an app does not.",
  },
  SOCKACT_PROVE_CHILD: {
    says: ["A process that it has started lives on: {command}.", "A process that it has started lives on."],
    why: "The process keeps the socket, and takes connections that nobody answers, or systemd waits for it at each stop.",
    fix: "End it in `onStop`, and start it without the sockets of the app: `stdio` must not name them.",
  },
  SOCKACT_PROVE_BLOCK: {
    says: ["It blocks the event loop for {ms:ms}.", "It blocks the event loop."],
    why: "No other request gets an answer meanwhile. If it takes longer than `WatchdogSec=`, systemd restarts the app.",
    fix: "Use the asynchronous function in its place, or move the work to a worker thread.",
  },
  SOCKACT_PROVE_REFUSED: {
    says: [
      "The sandbox refuses {call} of {path} ({code}).",
      "The sandbox refuses {call} to {address} ({code}).",
      "The sandbox refuses {call} ({code}).",
      "The sandbox refuses {call}.",
      "The sandbox refuses something that it asks for.",
    ],
    why: "The call fails in production too, where the same unit runs.",
    fix: "If the app needs it, allow it in the config: `sockact explain` and the page about hardening name the field. Otherwise remove the call.",
  },
  SOCKACT_PROVE_LINES: {
    says: [
      "It writes {lines:line|lines} each minute.",
      "It writes more lines than journald keeps, so some are lost.",
    ],
    why: "journald drops what is more than `LogRateLimitBurst=`, and the line about a failure may be among them.",
    fix: "Log less, for example no line for each request.",
  },
  SOCKACT_PROVE_CRASH: {
    says: ["It crashes: {message}", "It crashes."],
    why: "The requests in the process are lost.",
    fix: "Correct the error at this place.",
  },
  SOCKACT_PROVE_STATUS: {
    says: [
      "It answers {path} with {status} instead of {expected}.",
      "It answers with another status than expected.",
    ],
    why: "Either the app has failed, or another status is right for this path.",
    fix: "`--path` and `--status` say what to ask for, and which status is right. `--with` starts a database that the app needs.",
  },
};
