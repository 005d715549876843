import { errorMonitor } from "node:events";
import type { Server } from "node:net";
import {
  type AnnouncedSocket,
  announcedSockets,
  hasAdapter,
  hasWorkers,
  type Interceptor,
  type Listen,
  openAnnounced,
  type PreloadedApp,
  setClaimedHint,
} from "@sockact/core/preload";
import { hintForClaimed, takenError, warnOfNothingPassed, warnOfSecondServer } from "./messages.ts";
import { type Match, matchSockets, type Rule } from "./rules.ts";
import { remember } from "./seen.ts";
import type { MapEntry } from "./socket-map.ts";
import { formatTarget, type Target, targetOf } from "./target.ts";
import { explainSoon } from "./unmatched.ts";

/** Who has got a socket, and why. */
interface Holder {
  server: WeakRef<Server>;
  target: Target;
  rule: Rule;
}

/** Decides on each `listen()` of the process which sockets the server gets. */
export function createListener(app: PreloadedApp, map: readonly MapEntry[]): Interceptor {
  /** By number. */
  const holders = new Map<number, Holder>();
  setClaimedHint((fds) => {
    const holder = fds.map((fd) => holders.get(fd)).find((each) => each?.rule === "only");
    return holder && hintForClaimed(holder.target, fds, map);
  });

  return (server, args, listen) => {
    const target = targetOf(args);
    // Node throws an error.
    if (target === undefined || server.listening) return undefined;
    const isProbe = server.listenerCount("connection") === 0;
    try {
      if (!isProbe && isServing(server, target, args, listen)) return server;
    } catch (error) {
      app.refuse(server, error, args);
      return server;
    }
    remember(target, isProbe);
    return undefined;
  };

  function isServing(server: Server, target: Target, args: readonly unknown[], listen: Listen): boolean {
    const isHttp = server.listenerCount("request") > 0;
    const [sockets, match] = findMatch(target, isHttp);
    if (sockets.length === 0) manage(server, target, isHttp);
    if (match === undefined) {
      explainUnmatched(server, target, isHttp);
      return false;
    }
    const free = match.sockets.filter(({ isServed }) => !isServed);
    if (free.length === 0) return isRefused(server, target, match, args);
    const hold = (): void => {
      for (const { fd } of free) holders.set(fd, { server: new WeakRef(server), target, rule: match.rule });
    };
    const fds = free.map(({ fd }) => fd);
    if (isHttp) {
      hold();
      app.serve(server, fds, args);
      return true;
    }
    // It takes nothing if it is closed at once, or never gets a handler.
    remember(target, true);
    app.serveLater(server, free[0] as AnnouncedSocket, {
      fds,
      args,
      listen,
      onSettled: (isServed) => (isServed ? hold() : warnIfSecond(target, match)),
    });
    return true;
  }

  /** All sockets that belong to the server are served already. Returns whether it is refused: otherwise it listens by itself. */
  function isRefused(server: Server, target: Target, match: Match, args: readonly unknown[]): boolean {
    const holder = match.sockets.map(({ fd }) => holders.get(fd)).find((each) => each !== undefined);
    // An adapter, or the app itself, has taken them.
    if (holder === undefined) return false;
    const other = holder.server.deref();
    const isClosed = other?.listening !== true;
    const isSameTarget = formatTarget(holder.target) === formatTarget(target);
    if (isClosed ? other === server || isSameTarget : hasSameHandler(server, other)) {
      app.refuse(server, takenError(match.sockets, isClosed), args);
      return true;
    }
    // What a socket listens on is in use: the error is about to come, and may end the process.
    if (match.rule === "address") warnIfSecond(target, match);
    else server.once("listening", () => warnIfSecond(target, match));
    return false;
  }

  function warnIfSecond(target: Target, { rule, sockets }: Match): void {
    const first = holders.get(sockets[0]?.fd ?? -1);
    // A socket goes to the first server, although a later one has its very port.
    const isBeaten = rule === "address" && first?.rule === "only";
    if (first === undefined || (!isBeaten && (rule === "address" || first.rule !== rule))) return;
    const isMapped = rule === "map";
    // No map can distinguish them.
    if (formatTarget(first.target) === formatTarget(target)) return;
    warnOfSecondServer(target, first.target, { sockets, map, isMapped });
  }

  function findMatch(target: Target, isHttp: boolean): [readonly AnnouncedSocket[], Match | undefined] {
    const options = { map, isHttp, mayTakeOnly: !hasAdapter() && !hasWorkers() };
    let sockets = announcedSockets();
    // It gets this one, if it can be served. The kernel tells that sooner of an open socket than /proc does.
    if (sockets.length === 1 && isHttp && target.port !== 0 && map.length === 0 && options.mayTakeOnly)
      sockets = openAnnounced();
    const match = matchSockets(target, { ...options, sockets });
    const isSure = match !== undefined && (match.rule !== "only" || match.sockets.length === 1);
    if (isSure || target.port === 0 || sockets.every(({ facts }) => facts !== undefined))
      return [sockets, match];
    // In another network namespace, only opening them tells their addresses.
    const opened = openAnnounced();
    return [opened, matchSockets(target, { ...options, sockets: opened })];
  }

  /** Where no socket was passed, the service manager may wait for messages. */
  function manage(server: Server, target: Target, isHttp: boolean): void {
    if (target.port === 0) return;
    if (map.length > 0) warnOfNothingPassed();
    if (isHttp) app.manage(server);
    else onceOpen(server, () => app.manage(server));
  }

  /** Says that a server listens by itself, unless all sockets that it might have been meant to have are served by then. */
  function explainUnmatched(server: Server, target: Target, isHttp: boolean): void {
    // The workers of a primary are about to take them.
    if (hasWorkers() || target.port === 0 || (target.path !== undefined && !isHttp)) return;
    onceOpen(server, () => explainSoon(target, map));
    // What systemd has on this port can't be listened on, nor what needs a privilege. Where nobody handles the error, the process ends with it.
    server.once(errorMonitor as unknown as string, () => explainSoon(target, map, true));
  }
}

/** Calls back when a server has listened for a turn of the event loop: it is no probe then. */
function onceOpen(server: Server, action: () => void): void {
  server.once("listening", () =>
    setImmediate(() => {
      if (server.listening) action();
    }),
  );
}

/** Fastify makes one more server with the handler of the first, for each other address of `localhost`, and ignores that it can't listen. */
function hasSameHandler(server: Server, other: Server | undefined): boolean {
  const handlers = new Set<unknown>(other?.listeners("request"));
  return server.listeners("request").some((handler) => handlers.has(handler));
}
