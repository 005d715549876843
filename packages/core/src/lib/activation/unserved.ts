import type { Server } from "node:net";
import process from "node:process";
import { activation, knownSockets } from "./activation.ts";
import { isOpen, isUnserved, formatSocket, type PassedSocket } from "./passed-socket.ts";
import { afterFirstResponse } from "../shared/first-response.ts";
import { once, processState } from "../shared/process-state.ts";
import { warn } from "../shared/warnings.ts";

/** How long a socket may have no server, in milliseconds, before the first and after the last claim. */
const STARTING_MS = 30_000;
const STARTED_MS = 5_000;

/** How long the app may take to listen after another server listens elsewhere, in milliseconds. */
const ELSEWHERE_MS = 2_000;

const unserved = processState("unserved", {
  timer: undefined as NodeJS.Timeout | undefined,
  /** Whether the timer is about to be started. */
  isScheduling: false,
  /** The numbers of the reported sockets. */
  reported: new Set<number>(),
  /** Whether the time limit for a server on every socket has passed. */
  isTimeOver: false,
  /** The preload's hint, instead of the one for adapters. */
  preloadHint: undefined as ((names: readonly string[]) => string | undefined) | undefined,
  /** Called once after that time limit. */
  listeners: [] as (() => void)[],
});

/** Warns about sockets without a server, some time after the last claim, or when the process ends. */
export function scheduleUnservedWarning(): void {
  if (unserved.isScheduling) return;
  unserved.isScheduling = true;
  afterFirstResponse(() => {
    unserved.isScheduling = false;
    startTimer();
  });
}

function startTimer(): void {
  clearTimeout(unserved.timer);
  const grace = knownSockets().some(({ claimed }) => claimed) ? STARTED_MS : STARTING_MS;
  unserved.timer = setTimeout(() => {
    warnOfUnserved(knownSockets().filter(isUnserved));
    unserved.isTimeOver = true;
    for (const listener of unserved.listeners.splice(0)) listener();
  }, grace).unref();
  // By then, the app may have used and closed a datagram socket, but the descriptor stays open. A used
  // listener is closed.
  once("watch for the end", () =>
    process.once("beforeExit", () =>
      warnOfUnserved(
        knownSockets().filter(
          (passedSocket) =>
            isOpen(passedSocket) && isUnserved(passedSocket) && passedSocket.socket.kind !== "datagram",
        ),
      ),
    ),
  );
}

/** Whether a socket has no server yet, and the app still has time to start one. */
export function isServerExpected(): boolean {
  return !unserved.isTimeOver && knownSockets().some(isUnserved);
}

/**
 * Calls the listener once when the time limit has passed, after the warning about sockets without a server.
 */
export function onStartTimeOver(listener: () => void): void {
  unserved.listeners.push(listener);
}

/**
 * Warns if an adapter was imported in a process with passed sockets, but nothing has claimed them:
 * `systemdListen()` is missing. Reads only LISTEN_PID, and removes no variable.
 *
 * @param isListening whether an HTTP server listens. Otherwise, the app may still be starting.
 */
export function warnIfNeverAsked(isListening: () => boolean): void {
  if (process.env["LISTEN_PID"] !== String(process.pid)) return;
  const look = (isLast: boolean): void => {
    if (activation.result !== undefined) return;
    if (isLast || isListening())
      warn(
        "SOCKACT_WARN_UNCLAIMED",
        "Sockets were passed to this process, but systemdListen() was not called: clients that connect to them get no answer.",
        "Write systemdListen({ app }) before listen().",
      );
    else setTimeout(() => look(true), STARTING_MS - STARTED_MS).unref();
  };
  once("warn if never asked", () => setTimeout(() => look(false), STARTED_MS).unref());
}

/** Called when an HTTP server listens on its own port. It may be the app. */
export function warnIfUnservedBeside(server: Server): void {
  if (server.listenerCount("request") === 0 || !knownSockets().some(isUnserved)) return;
  server.once("listening", () => {
    const address = addressOf(server);
    setTimeout(
      () =>
        warnOfUnserved(
          knownSockets().filter(isUnserved),
          ` So far only another server of this process listens, on ${address}.`,
          `${OWN_APP_HINT} ${CLOSURE_HINT}`,
        ),
      ELSEWHERE_MS,
    ).unref();
  });
}

/** Called if `systemdListen()` was called for an app whose server already listens on another port. */
export function warnOfLateCall(server: Server): void {
  warnOfUnserved(
    knownSockets().filter(isUnserved),
    ` The app listens on ${addressOf(server)} instead, because systemdListen() was called after listen().`,
    "Call systemdListen() before listen().",
  );
}

function addressOf(server: Server): string {
  const address = server.address();
  return typeof address === "object" && address !== null ? `port ${address.port}` : String(address);
}

const OWN_APP_HINT =
  "Write systemdListen({ app }) before listen(), with the app whose server listens: not with a router or a mounted app.";

const CLOSURE_HINT =
  "If that server is the app: sockact can't see an app that is wrapped in a function, as in http.createServer((req, res) => app(req, res)). " +
  "Call listen(server) from @sockact/core instead of server.listen().";

/**
 * Sets the hint of the warning about unserved sockets.
 *
 * @param hint gets the names of these sockets. If it returns undefined, the warning has the hint for
 *   adapters.
 */
export function setUnservedHint(hint: (names: readonly string[]) => string | undefined): void {
  unserved.preloadHint ??= hint;
}

/** The hint for unserved sockets, whether a server can serve them or not. */
function hintFor(sockets: readonly PassedSocket[]): string {
  const streams = sockets.filter(isStream);
  const others = sockets.filter((passedSocket) => !isStream(passedSocket)).map(useHintFor);
  return [...others, ...(streams.length > 0 ? [serverHintFor(streams)] : [])].join(" ");
}

/** Whether a server can listen on it, as far as known. */
function isStream({ socket: { kind } }: PassedSocket): boolean {
  return kind !== "datagram" && kind !== "other";
}

function useHintFor({ socket: { name, kind, family } }: PassedSocket): string {
  if (kind === "datagram" && family !== "unix")
    return `Bind it: bindDatagram(socket, { name: ${JSON.stringify(name)} }) from @sockact/core.`;
  return `No server of Node can use ${name}. Use its descriptor: claimSocket(${JSON.stringify(name)}) from @sockact/core.`;
}

/** The hint for listeners, in an app that may have claimed other sockets by name. */
function serverHintFor(sockets: readonly PassedSocket[]): string {
  const names = [
    ...new Set(
      knownSockets()
        .filter(
          (passedSocket) =>
            isStream(passedSocket) && (passedSocket.claimed || sockets.includes(passedSocket)),
        )
        .map(({ name }) => name),
    ),
  ];
  const isNamed = !names.includes("unknown");
  const byName =
    names.length > 1 && isNamed
      ? `Claim all of them, systemdListen({ name: ${JSON.stringify(names)} }), or remove the socket from the socket unit.`
      : `${OWN_APP_HINT} Or remove the socket from the socket unit.`;
  return `${byName} ${CLOSURE_HINT}`;
}

function warnOfUnserved(sockets: readonly PassedSocket[], cause = "", hint?: string): void {
  const unreported = sockets.filter(({ fd }) => !unserved.reported.has(fd));
  if (unreported.length === 0) return;
  for (const { fd } of unreported) unserved.reported.add(fd);
  const list = unreported.map(({ socket }) => formatSocket(socket)).join(", ");
  const clients = unreported.every(isStream) ? "clients that connect to" : "clients of";
  warn(
    "SOCKACT_WARN_UNCLAIMED",
    `Nothing in this process serves ${list}: ${clients} ${unreported.length > 1 ? "these sockets" : "this socket"} get no answer.${cause}`,
    hint ?? unserved.preloadHint?.(unreported.map(({ name }) => name)) ?? hintFor(unreported),
  );
}
