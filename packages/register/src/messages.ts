import process from "node:process";
import { ActivationError } from "@sockact/core";
import {
  type AnnouncedSocket,
  announcedSockets,
  formatSocket,
  hasAdapter,
  hasWorkers,
  isStartedBySystemd,
  warn,
  WARNING,
  writeLine,
} from "@sockact/shared/preload";
import { areOne } from "./rules.ts";
import type { SeenListen } from "./seen.ts";
import { type MapEntry, mappedNames } from "./socket-map.ts";
import { formatTarget, type Target } from "./target.ts";

/** @throws ActivationError `SOCKACT_ERR_NAME_UNKNOWN` */
export function refuseUnknownNames(map: readonly MapEntry[], names: readonly string[]): void {
  const unknown = map.filter(({ name }) => !names.includes(name)).map(({ name }) => name);
  if (unknown.length === 0) return;
  throw new ActivationError(
    "SOCKACT_ERR_NAME_UNKNOWN",
    `SOCKACT_MAP names ${[...new Set(unknown)].join(", ")}, but no socket of that name was passed. Passed: ${names.join(", ")}`,
    isUnit()
      ? "The name is that of FileDescriptorName= in the socket unit. Without that line, it is the name of the socket unit, such as app.socket."
      : "The name is that of --name of sockact run, or of --fdname= of systemd-socket-activate. Without that option, it is unknown.",
  );
}

/** Warns that a server listens and SOCKACT_MAP is set, but the service manager passed nothing. */
export function warnOfNothingPassed(): void {
  warn(
    "SOCKACT_WARN_NOT_PASSED",
    "SOCKACT_MAP is set, but no socket was passed to this process: its servers listen by themselves",
    "Start the socket unit too: systemctl start app.socket. With Requires=app.socket and After=app.socket in its [Unit], the service never starts without it.",
  );
}

/**
 * Warns that servers listen on their own ports although there are sockets that may be meant for them.
 *
 * @param isEnd whether the process is about to end; Node then prints no warning
 */
export function warnOfUnmatched(
  targets: readonly Target[],
  sockets: readonly AnnouncedSocket[],
  { seen, map, isEnd }: { seen: readonly SeenListen[]; map: readonly MapEntry[]; isEnd: boolean },
): void {
  const servers = targets.map(
    (target) =>
      `The server on ${formatTarget(target)} has got no socket, and listens by itself. ${capitalise(reasonFor(target, sockets, map))}.`,
  );
  const message = `${servers.join(" ")}${unusedEntries(sockets, seen, map)} Passed: ${list(sockets)}`;
  const hint = mapHint(targets, sockets, map);
  if (isEnd) writeLine(`sockact: ${message}. ${hint}`, WARNING);
  else warn("SOCKACT_WARN_UNMATCHED", message, hint);
}

/** Warns that a server listens on its own port because another server has its sockets. */
export function warnOfSecondServer(
  target: Target,
  first: Target,
  {
    sockets,
    map,
    isMapped,
  }: { sockets: readonly AnnouncedSocket[]; map: readonly MapEntry[]; isMapped: boolean },
): void {
  warn(
    "SOCKACT_WARN_SECOND_SERVER",
    `The server on ${formatTarget(first)} has got ${list(sockets)}, because it was the first to listen. The server on ${formatTarget(target)} listens by itself${isMapped ? ", although SOCKACT_MAP names the same socket for it" : ""}.`,
    isMapped
      ? "A socket goes to one server. Change SOCKACT_MAP: name another socket for one of the two, or remove its entry."
      : `If the second one is to have ${sockets.length > 1 ? "the sockets" : "the socket"}: ${mapHint([target], sockets, map, [first])}`,
  );
}

/** Warns that a server gets the socket because none listens on SOCKACT_PORT. */
export function warnOfOtherPort(target: Target, sockets: readonly AnnouncedSocket[]): void {
  warn(
    "SOCKACT_WARN_OTHER_PORT",
    `SOCKACT_PORT is ${process.env["SOCKACT_PORT"]}, but no server has listened there for a while: the server on ${formatTarget(target)} gets ${list(sockets)}.`,
    "If that server is the app, write its port into SOCKACT_PORT, or remove the variable. If the app listens later, name the socket in SOCKACT_MAP: no other server gets it then.",
  );
}

/** Warns that no server of the process has claimed a socket. */
export function warnOfNothingTaken(
  sockets: readonly AnnouncedSocket[],
  seen: readonly SeenListen[],
  map: readonly MapEntry[],
): void {
  const [message, hint] = summaryOf(sockets, seen, map);
  warn("SOCKACT_WARN_UNCLAIMED", message, hint);
}

/** Which servers have called listen(), why they got no socket, and what to change. */
export function summaryOf(
  sockets: readonly AnnouncedSocket[],
  seen: readonly SeenListen[],
  map: readonly MapEntry[],
): [message: string, hint: string] {
  const servers = serversIn(seen);
  const calls = seen.map(({ target, isProbe }) => {
    const why = isProbe
      ? "which does nothing with a connection, as a tool that looks for a free port"
      : reasonFor(target, sockets, map);
    return `listen() on ${formatTarget(target)} (${why})`;
  });
  return [
    `Nothing in this process has claimed ${list(sockets)} so far: clients that connect get no answer. ` +
      (calls.length === 0
        ? "No server has called listen() in the main thread of this process."
        : `It has seen ${calls.join(", ")}.`) +
      unusedEntries(sockets, seen, map),
    servers.length === 0 || areForOthers(servers, sockets)
      ? `${isUnit() ? "Make ExecStart= run" : "Run"} the app directly with node. A process that the app starts, and a worker thread, get no socket.`
      : mapHint(servers, sockets, map),
  ];
}

/**
 * The hint for sockets that no server has claimed while other sockets have a server. Undefined if the app
 * uses an adapter.
 */
export function hintForUnserved(
  sockets: readonly AnnouncedSocket[],
  seen: readonly SeenListen[],
  map: readonly MapEntry[],
): string | undefined {
  if (hasAdapter()) return undefined;
  const servers = serversIn(seen);
  if (servers.length === 0 && hasWorkers())
    return (
      `No worker of this cluster has claimed ${sockets.length > 1 ? "them" : "it"}. A worker needs the preload too: leave NODE_OPTIONS in its environment.` +
      unusedEntries(sockets, seen, map)
    );
  const byThemselves = servers.map((target) => ` A server listens by itself on ${formatTarget(target)}.`);
  return `${byThemselves.join("")}${unusedEntries(sockets, seen, map)} ${mapHint(servers, sockets, map)} If no server needs such a socket, do not pass it.`.trim();
}

/**
 * The error of a server whose sockets are already claimed: it was closed before, or it is a second server of
 * the app.
 */
export function takenError(sockets: readonly AnnouncedSocket[], isClosed: boolean): ActivationError {
  return isClosed
    ? new ActivationError(
        "SOCKACT_ERR_SOCKET_CLAIMED",
        `The server that had ${list(sockets)} was closed, and its socket with it`,
        "A passed socket can't be opened again once it is closed. Let the app keep its server, or restart the service.",
      )
    : new ActivationError(
        "SOCKACT_ERR_SOCKET_CLAIMED",
        `Another server with the same handler serves ${list(sockets)}`,
        "The app needs no second server: the first one has all sockets that belong to this port.",
      );
}

/** The hint if an adapter asks for the only socket after the preload gave it to another server. */
export function hintForClaimed(holder: Target, fds: readonly number[], map: readonly MapEntry[]): string {
  const sockets = announcedSockets().filter(({ fd }) => fds.includes(fd));
  return `The server on ${formatTarget(holder)} has got the socket, because it was the first to listen, and systemdListen() was called later. ${mapHint([], sockets, map)}`;
}

/** The servers for which a socket may be meant. Servers on paths count only if none listens on a port. */
function serversIn(seen: readonly SeenListen[]): Target[] {
  const servers = seen.filter(({ isProbe }) => !isProbe).map(({ target }) => target);
  const onPorts = servers.filter(({ port = 0 }) => port !== 0);
  return onPorts.length > 0 ? onPorts : servers;
}

/**
 * Whether only servers on paths listen, and no unix socket was passed. Process managers have such servers for
 * their own processes.
 */
function areForOthers(servers: readonly Target[], sockets: readonly AnnouncedSocket[]): boolean {
  return (
    servers.every(({ path }) => path !== undefined) && !sockets.some(({ facts }) => facts?.family === "unix")
  );
}

/** The entries of SOCKACT_MAP that reserve these sockets for servers that do not listen. */
function unusedEntries(
  sockets: readonly AnnouncedSocket[],
  seen: readonly SeenListen[],
  map: readonly MapEntry[],
): string {
  return map
    .filter(
      (entry) =>
        sockets.some(({ name }) => name === entry.name) &&
        !seen.some(({ target }) => mappedNames([entry], target).length > 0),
    )
    .map(({ key, name }) => ` SOCKACT_MAP has the entry ${key}=${name}, but no server listens there.`)
    .join("");
}

function reasonFor(target: Target, sockets: readonly AnnouncedSocket[], map: readonly MapEntry[]): string {
  if (target.port === 0) return "which asks for any free port, so only SOCKACT_MAP can give it a socket";
  const what = target.path === undefined ? `port ${target.port}` : "this path";
  if (map.length > 0) return "SOCKACT_MAP has no entry for it";
  if (!areOne(sockets)) return `no socket has ${what}, and there are several`;
  return hasAdapter() ? `no socket has ${what}, and the app uses systemdListen()` : `no socket has ${what}`;
}

/**
 * The hint to set SOCKACT_MAP to give these sockets to these servers. It keeps correct entries. If there are
 * several sockets, the user must choose.
 */
function mapHint(
  targets: readonly Target[],
  sockets: readonly AnnouncedSocket[],
  map: readonly MapEntry[],
  others: readonly Target[] = [],
): string {
  const names = [...new Set(sockets.map(({ name }) => name))];
  if (names.includes("unknown") && !areOne(announcedSockets()))
    return isUnit()
      ? "Give each socket a name, with FileDescriptorName= in its socket unit. Then name it in the service unit: Environment=SOCKACT_MAP=PORT=NAME."
      : "Give each socket a name, with --name of sockact run or --fdname= of systemd-socket-activate. Then start the app with the environment variable SOCKACT_MAP=PORT=NAME.";
  const kept = map.filter(
    (entry) =>
      !names.includes(entry.name) && !targets.some((target) => mappedNames([entry], target).length > 0),
  );
  const keys = [...new Set(targets.map((target) => keyOf(target, [...targets, ...others])))].slice(
    0,
    names.length,
  );
  const added = (keys.length === 0 ? ["PORT"] : keys).map((key, index) => ({ key, name: names[index] }));
  const line = `SOCKACT_MAP=${[...kept, ...added].map(({ key, name }) => `${key}=${name}`).join(",")}`;
  const choice = names.length > 1 && added.length === 1 ? `, or another of ${names.join(", ")},` : "";
  const advice = isUnit()
    ? `Write Environment=${line}${choice} in [Service] of the service unit.`
    : `Start the app with the environment variable ${line}${choice === "" ? "" : choice.slice(0, -1)}.`;
  if (keys.length === 0) return `${advice} PORT is the port on which the app listens.`;
  return added.length > 1
    ? `${advice} If a server needs another of the sockets, exchange the names.`
    : advice;
}

/** A target in the form of SOCKACT_MAP. It has its host only if another target has the same port. */
function keyOf(target: Target, all: readonly Target[]): string {
  if (target.path !== undefined) return target.path;
  const { port, host } = target;
  const isShared = all.some(
    (other) => other.path === undefined && other.port === port && other.host !== host,
  );
  return isShared && host !== undefined ? formatTarget(target) : String(port);
}

/** Whether systemd has started this process, or the primary of this worker of node:cluster. */
function isUnit(): boolean {
  return isStartedBySystemd(process.connected === undefined ? process.pid : process.ppid);
}

/** `http (fd 3, [::]:80), admin (fd 4)`; `sockets without a name (fd 3, 127.0.0.1:80; fd 4, [::1]:80)`. */
function list(sockets: readonly AnnouncedSocket[]): string {
  const known = sockets.map(
    ({ fd, name, facts }) =>
      facts ?? ({ fd, name, kind: "unknown", family: "unknown", address: null } as const),
  );
  if (known.length < 2 || known.some(({ name }) => name !== "unknown"))
    return known.map(formatSocket).join(", ");
  return `sockets without a name (${known.map(({ fd, address }) => `fd ${fd}${address ? `, ${address}` : ""}`).join("; ")})`;
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
