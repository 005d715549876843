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
} from "@sockact/shared/preload";
import { isBesideApp, isOnAppPort, WAIT_MS } from "./app-port.ts";
import {
  hintForClaimed,
  takenError,
  warnOfNothingPassed,
  warnOfOtherPort,
  warnOfSecondServer,
} from "./messages.ts";
import { type Match, matchSockets, type Rule } from "./rules.ts";
import { remember } from "./seen.ts";
import type { MapEntry } from "./socket-map.ts";
import { formatTarget, type Target, targetOf } from "./target.ts";
import { explainSoon } from "./unmatched.ts";

/** The server that has a socket, and the rule that assigned it. */
interface Holder {
  server: WeakRef<Server>;
  target: Target;
  rule: Rule;
}

/**
 * Decides which sockets a server gets, at each `listen()` of the process.
 *
 * @param isAsked whether only variables ask to manage the servers, not systemd
 */
export function createListener(app: PreloadedApp, map: readonly MapEntry[], isAsked: boolean): Interceptor {
  /** The holder of each descriptor. */
  const holders = new Map<number, Holder>();
  /** The servers on the app's port. They may not have the socket yet. */
  const appServers: WeakRef<Server>[] = [];
  setClaimedHint((fds) => {
    const holder = fds.map((fd) => holders.get(fd)).find((each) => each?.rule === "only");
    return holder && hintForClaimed(holder.target, fds, map);
  });

  return (server, args, listen) => {
    const target = targetOf(args);
    // Node throws for this call.
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
    if (isOnAppPort(target)) appServers.push(new WeakRef(server));
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
    if (match.rule === "only" && isBesideApp(target)) {
      joinUnlessAppListens(server, target);
      return false;
    }
    if (isHttp) {
      hold();
      app.serve(server, fds, args);
      return true;
    }
    // The server claims nothing if it is closed at once, or never gets a handler.
    remember(target, true);
    app.serveLater(server, free[0] as AnnouncedSocket, {
      fds,
      args,
      listen,
      onSettled: (isServed) => (isServed ? hold() : warnIfSecond(target, match)),
    });
    return true;
  }

  /**
   * Called if other servers have all sockets of this server. Returns whether the server gets an error.
   * Otherwise, it listens on its own port.
   */
  function isRefused(server: Server, target: Target, match: Match, args: readonly unknown[]): boolean {
    const holder = match.sockets.map(({ fd }) => holders.get(fd)).find((each) => each !== undefined);
    // An adapter, or the app itself, has claimed the sockets.
    if (holder === undefined) return false;
    const other = holder.server.deref();
    const isClosed = other?.listening !== true;
    const isSameTarget = formatTarget(holder.target) === formatTarget(target);
    if (isClosed ? other === server || isSameTarget : hasSameHandler(server, other)) {
      app.refuse(server, takenError(match.sockets, isClosed), args);
      return true;
    }
    // The address of the socket is in use, so Node emits an error, which may end the process. Warn before
    // that.
    if (match.rule === "address") warnIfSecond(target, match);
    else server.once("listening", () => warnIfSecond(target, match));
    return false;
  }

  /**
   * Lets a server on another port listen there. If no server listens on the app's port for a while, it also
   * gets the only socket.
   */
  function joinUnlessAppListens(server: Server, target: Target): void {
    const join = (): void => {
      const [sockets, match] = findMatch(target, server.listenerCount("request") > 0);
      const fds = match?.sockets.filter(({ isServed }) => !isServed).map(({ fd }) => fd) ?? [];
      if (fds.length === 0 || match?.rule !== "only" || appServers.some((each) => each.deref()?.listening))
        return;
      if (!app.join(server, fds)) return;
      for (const fd of fds) holders.set(fd, { server: new WeakRef(server), target, rule: "only" });
      warnOfOtherPort(target, sockets);
    };
    server.once("listening", () => {
      const timer = setTimeout(join, WAIT_MS);
      server.once("close", () => clearTimeout(timer));
    });
  }

  function warnIfSecond(target: Target, { rule, sockets }: Match): void {
    const first = holders.get(sockets[0]?.fd ?? -1);
    // The first server has the socket, although this one has the port of the socket.
    const isBeaten = rule === "address" && first?.rule === "only";
    if (first === undefined || (!isBeaten && (rule === "address" || first.rule !== rule))) return;
    const isMapped = rule === "map";
    // SOCKACT_PORT has decided.
    if (rule === "only" && isOnAppPort(first.target)) return;
    // No entry of SOCKACT_MAP can distinguish the two servers.
    if (formatTarget(first.target) === formatTarget(target)) return;
    warnOfSecondServer(target, first.target, { sockets, map, isMapped });
  }

  function findMatch(target: Target, isHttp: boolean): [readonly AnnouncedSocket[], Match | undefined] {
    const options = { map, isHttp, mayTakeOnly: !hasAdapter() && !hasWorkers() };
    let sockets = announcedSockets();
    // If the socket can be served, this server gets it. Opening the socket shows that faster than /proc.
    if (sockets.length === 1 && isHttp && target.port !== 0 && map.length === 0 && options.mayTakeOnly)
      sockets = openAnnounced();
    const match = matchSockets(target, { ...options, sockets });
    const isSure = match !== undefined && (match.rule !== "only" || match.sockets.length === 1);
    if (isSure || target.port === 0 || sockets.every(({ facts }) => facts !== undefined))
      return [sockets, match];
    // /proc does not have the addresses of another network namespace, so the sockets must be opened.
    const opened = openAnnounced();
    return [opened, matchSockets(target, { ...options, sockets: opened })];
  }

  /** Manages a server without a passed socket. */
  function manage(server: Server, target: Target, isHttp: boolean): void {
    // Process managers have servers on paths for their own processes.
    if (target.port === 0 || (isAsked && target.path !== undefined && !isHttp)) return;
    if (map.length > 0) warnOfNothingPassed();
    if (isHttp) app.manage(server);
    else onceOpen(server, () => app.manage(server));
  }

  /**
   * Warns after a delay that a server listens on its own port, unless every socket that may be meant for it
   * has a server by then.
   */
  function explainUnmatched(server: Server, target: Target, isHttp: boolean): void {
    // The workers of this primary will claim the sockets.
    if (hasWorkers() || target.port === 0 || (target.path !== undefined && !isHttp)) return;
    onceOpen(server, () => explainSoon(target, map));
    // listen() fails if systemd has this port, or if the port needs a privilege. Without an error listener,
    // the process then ends.
    server.once(errorMonitor as unknown as string, () => explainSoon(target, map, true));
  }
}

/**
 * Calls the action if a server still listens after a turn of the event loop. A server that looks for a free
 * port is closed by then.
 */
function onceOpen(server: Server, action: () => void): void {
  server.once("listening", () =>
    setImmediate(() => {
      if (server.listening) action();
    }),
  );
}

/**
 * Whether two servers have the same handler. Fastify creates a server with the first one's handler for each
 * other address of `localhost`, and ignores its error.
 */
function hasSameHandler(server: Server, other: Server | undefined): boolean {
  const handlers = new Set<unknown>(other?.listeners("request"));
  return server.listeners("request").some((handler) => handlers.has(handler));
}
