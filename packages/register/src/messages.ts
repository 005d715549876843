import {
  ActivationError,
  type AnnouncedSocket,
  formatSocket,
  hasAdapter,
  warn,
  writeLine,
} from "@sockact/core/preload";
import type { SeenListen } from "./seen.ts";
import type { MapEntry } from "./socket-map.ts";
import { formatTarget, type Target } from "./target.ts";

let isUnmatchedSaid = false;

/** Whether a warning has said that a server has got no socket. */
export function hasWarnedOfUnmatched(): boolean {
  return isUnmatchedSaid;
}

/** @throws ActivationError `ERR_NAME_UNKNOWN` */
export function refuseUnknownNames(map: readonly MapEntry[], names: readonly string[]): void {
  const unknown = map.filter(({ name }) => !names.includes(name)).map(({ name }) => name);
  if (unknown.length === 0) return;
  throw new ActivationError(
    "ERR_NAME_UNKNOWN",
    `SOCKACT_MAP names ${[...new Set(unknown)].join(", ")}, but no socket of that name was passed. Passed: ${names.join(", ")}`,
    "The name is that of FileDescriptorName= in the socket unit. Without that line, it is the name of the socket unit, such as app.socket.",
  );
}

/**
 * A server listens by itself, and there are sockets that it might have been meant to have.
 *
 * @param ends whether the process is about to end, and shows no warning any more
 */
export function warnOfUnmatched(
  target: Target,
  sockets: readonly AnnouncedSocket[],
  { map, ends }: { map: readonly MapEntry[]; ends: boolean },
): void {
  isUnmatchedSaid = true;
  const message = `The server on ${formatTarget(target)} has got no socket, and listens by itself. ${capitalise(reasonFor(target, sockets, map))}. Passed: ${list(sockets)}`;
  const hint = mapHint(target, sockets);
  if (ends) writeLine(`sockact: ${message}. ${hint}`);
  else warn("SOCKACT_UNMATCHED", message, hint);
}

/** A server listens by itself, because another one has got the only socket. */
export function warnOfSecondServer(target: Target, first: Target, sockets: readonly AnnouncedSocket[]): void {
  warn(
    "SOCKACT_SECOND_SERVER",
    `The server on ${formatTarget(first)} has got ${list(sockets)}, because it was the first to listen. The server on ${formatTarget(target)} listens by itself.`,
    `If the socket is for the second one: ${mapHint(target, sockets)}`,
  );
}

/** Nothing in the process has asked for a socket. */
export function warnOfNothingTaken(
  sockets: readonly AnnouncedSocket[],
  seen: readonly SeenListen[],
  map: readonly MapEntry[],
): void {
  const [message, hint] = summaryOf(sockets, seen, map);
  warn("SOCKACT_UNTAKEN", message, hint);
}

/** What happened, and what to do about it. */
export function summaryOf(
  sockets: readonly AnnouncedSocket[],
  seen: readonly SeenListen[],
  map: readonly MapEntry[],
): [message: string, hint: string] {
  const meant =
    seen.find(({ isProbe, target }) => !isProbe && target.port !== 0) ?? seen.find(({ isProbe }) => !isProbe);
  const calls = seen.map(({ target, isProbe }) => {
    const why = isProbe
      ? "which does nothing with a connection, as a tool that looks for a free port"
      : reasonFor(target, sockets, map);
    return `listen() on ${formatTarget(target)} (${why})`;
  });
  return [
    `Nothing in this process has taken ${list(sockets)} so far: clients that connect get no answer. ` +
      (calls.length === 0
        ? "No server has called listen() in this process."
        : `It has seen ${calls.join(", ")}.`),
    meant === undefined
      ? "Let ExecStart= run node with the app itself. A process that the app starts, and a worker thread, get no socket."
      : mapHint(meant.target, sockets),
  ];
}

/** What to do about a socket that no server has taken, where others have one. Undefined where an adapter is in charge. */
export function hintForUnserved(names: readonly string[]): string | undefined {
  if (hasAdapter()) return undefined;
  return (
    `Say in the service unit which server gets it, by the port on which the app listens: Environment=SOCKACT_MAP=PORT=${names[0]}. ` +
    "Or remove the socket from the socket unit."
  );
}

/** The sockets of a server are taken: it is closed, or one more server for the same app. */
export function takenError(sockets: readonly AnnouncedSocket[], isClosed: boolean): ActivationError {
  return isClosed
    ? new ActivationError(
        "ERR_SOCKET_TAKEN",
        `The server that had ${list(sockets)} was closed, and its socket with it`,
        "A passed socket can't be opened again once it is closed. Let the app keep its server, or restart the service.",
      )
    : new ActivationError(
        "ERR_SOCKET_TAKEN",
        `Another server with the same handler serves ${list(sockets)}`,
        "The app needs no second server: the first one has all sockets that belong to this port.",
      );
}

function reasonFor(target: Target, sockets: readonly AnnouncedSocket[], map: readonly MapEntry[]): string {
  if (target.port === 0) return "which asks for any free port, so only SOCKACT_MAP can give it a socket";
  const what = target.path === undefined ? `port ${target.port}` : "this path";
  if (map.length > 0) return `SOCKACT_MAP has no entry for it, and no other socket has ${what}`;
  const isOne = new Set(sockets.map(({ name }) => name)).size === 1;
  if (isOne && hasAdapter()) return `no socket has ${what}, and the app uses systemdListen()`;
  return isOne ? `no socket has ${what}` : `no socket has ${what}, and there are several`;
}

/** The line that gives a socket to a server. With several sockets, a person has to choose. */
function mapHint(target: Target, sockets: readonly AnnouncedSocket[]): string {
  const key = target.path ?? String(target.port);
  const names = [...new Set(sockets.map(({ name }) => name))];
  const line = `Environment=SOCKACT_MAP=${key}=${names[0]}`;
  const choice = names.length > 1 ? `, or another of ${names.join(", ")},` : "";
  return names.includes("unknown")
    ? `Give each socket a name, with FileDescriptorName= in its socket unit or with systemd-socket-activate --fdname=, and then write Environment=SOCKACT_MAP=${key}=NAME in the service unit.`
    : `Write ${line}${choice} in [Service] of the service unit.`;
}

function list(sockets: readonly AnnouncedSocket[]): string {
  return sockets
    .map(({ fd, name, facts }) =>
      formatSocket(facts ?? { fd, name, kind: "unknown", family: "unknown", address: null }),
    )
    .join(", ");
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
