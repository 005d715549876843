import process from "node:process";
import { Worker } from "node:worker_threads";
import { isMainThread, predecessor, serviceOfProcess } from "@sockact/shared/notify";
import { FAILED_START_STATUS, UNAVAILABLE } from "@sockact/shared/unavailable";
import { activation, knownSockets } from "../activation/activation.ts";
import { announcedNames } from "../activation/announced.ts";
import { isUnix, isWatched } from "../activation/proc/descriptors.ts";
import { LISTEN_FDS_START } from "../activation/protocol/parse-environment.ts";
import { KEEP_BACKLOG } from "../binding/bind-server.ts";
import { isVariableSet, readBooleanOption } from "../shared/environment-options.ts";
import { ActivationError } from "../shared/errors.ts";
import { hasServed } from "../shared/served-sockets.ts";
import { logEvent } from "./log-event.ts";
import { isStopping } from "./stopping.ts";
import { hasWorkers } from "./worker-pool.ts";

/** How old the process becomes at least, in milliseconds. So many visitors start it once in this time. */
const AGE_MS = 2000;

/** How long it answers at most, in milliseconds, whatever its clients do. */
const LIMIT_MS = 2000;

/** How long the worker thread may take to start and to end, in milliseconds. */
const THREAD_MS = 1000;

/** How long no client comes before it ends, in milliseconds. */
const QUIET_MS = 100;

const HEADERS = {
  "Content-Type": "text/plain; charset=utf-8",
  "Cache-Control": "no-store",
  "Retry-After": "60",
  Connection: "close",
};

/**
 * The code of the worker thread. In an `exit` listener, nothing else can still run. It is a string, because
 * the package may be part of a bundle, or its files may be gone.
 */
const ANSWER = `
const { fds, backlog, headers, text, end, limit, quiet, state } = require("node:worker_threads").workerData;
let last = Date.now();
const servers = fds.map((fd) =>
  require("node:http")
    .createServer((request, response) => {
      Atomics.add(state, 1, 1);
      response.writeHead(503, headers).end(text);
    })
    .on("connection", () => (last = Date.now()))
    .on("error", () => {})
    .listen({ fd }, backlog),
);
let left = servers.length;
const closed = () => {
  if (--left > 0) return;
  Atomics.store(state, 0, 1);
  Atomics.notify(state, 0);
};
const endIfQuiet = () => {
  const now = Date.now();
  const isOver = now >= end && (now - last >= quiet || now >= limit);
  if (!isOver && servers.some(({ listening }) => listening)) return;
  clearInterval(timer);
  for (const server of servers) server.close(closed);
};
// After the phase of the event loop that accepts, which may be late on a busy machine.
const timer = setInterval(() => setImmediate(endIfQuiet), 20);
`;

/**
 * Answers the clients of an app behind a proxy with 503 if the process ends before it serves them. Otherwise,
 * they wait until the time limit of the proxy. Called at the event `exit`, when only another thread can use
 * sockets. See decisions/041-failed-starts.md.
 *
 * @param status the exit status of the process
 * @returns the exit status that it should have
 */
export function answerWaiting(status: number): number {
  if (!isFirstToListen() || !readBooleanOption("trustProxy", false)) return status;
  // Instances share their socket, so another one may serve these clients.
  const service = serviceOfProcess()?.name;
  if (service === undefined || service.includes("@")) return status;
  const fds = passedNumbers().filter((fd) => isUnix(fd) && !isWatched(fd));
  if (fds.length === 0) return status;
  // Node prints the error of the app only after the listeners of `exit`.
  process.on("SIGTERM", () => {});
  const answered = answer(fds);
  // Without an answer, systemd would start the app again at once for the same clients.
  const sleeps = answered !== undefined && isVariableSet("idleTimeout") && isVariableSet("idleExitStatus");
  const next = sleeps ? "The next request" : "systemd";
  const error = new ActivationError(
    "SOCKACT_ERR_START_FAILED",
    `The app has ended with exit status ${status} before it listened. Requests that got the status 503: ${answered ?? 0}. ${next} starts the app again`,
    "Its own lines in the journal say why, and so does the doctor of sockact.",
  );
  logEvent({ type: "error", error });
  return sleeps ? FAILED_START_STATUS : status;
}

/** Whether no other process, worker or server serves the clients, or has served them. */
function isFirstToListen(): boolean {
  return (
    isMainThread() &&
    process.connected === undefined &&
    predecessor() === undefined &&
    !hasWorkers() &&
    !hasServed() &&
    activation.numbersInUse.size === 0 &&
    !isStopping()
  );
}

function passedNumbers(): readonly number[] {
  if (activation.result !== undefined) return knownSockets().map(({ fd }) => fd);
  return (announcedNames() ?? []).map((_, index) => LISTEN_FDS_START + index);
}

/** Returns the number of answers. Undefined if the thread could not answer. */
function answer(fds: readonly number[]): number | undefined {
  const state = new Int32Array(new SharedArrayBuffer(8));
  const now = Date.now();
  const workerData = {
    fds,
    backlog: KEEP_BACKLOG,
    headers: HEADERS,
    text: `${UNAVAILABLE}\n`,
    end: now - process.uptime() * 1000 + AGE_MS,
    limit: now + LIMIT_MS,
    quiet: QUIET_MS,
    state,
  };
  // Without the options and variables of the app: its preloads would run again.
  new Worker(ANSWER, { eval: true, workerData, env: {}, execArgv: [] }).on("error", () => {});
  const hasEnded = Atomics.wait(state, 0, 0, LIMIT_MS + THREAD_MS) !== "timed-out";
  return hasEnded || state[1]! > 0 ? state[1]! : undefined;
}
