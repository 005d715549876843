import process from "node:process";
import type { Server } from "node:net";
import {
  ActivationError,
  announcedNames,
  type AnnouncedSocket,
  announcedSockets,
  hasAdapter,
  interceptListen,
  type Listen,
  openAnnounced,
  preloadApp,
  type PreloadedApp,
  processRole,
  warnIfPassedElsewhere,
} from "@sockact/core/adapter";
import { matchSockets } from "./rules.ts";
import { type MapEntry, parseSocketMap } from "./socket-map.ts";
import { type Target, targetOf } from "./target.ts";
import { withoutNetlink } from "./without-netlink.ts";

/** Makes the servers of this process listen on the sockets that were passed to it, if any were. */
export function preload(): void {
  if (!mayHaveSockets()) return;
  const role = processRole();
  if (role === "other") return;
  if (role === "descendant") {
    interceptListen("preload", (server, args) => {
      const target = targetOf(args);
      if (server.listenerCount("request") > 0 && target?.port !== undefined && target.port !== 0)
        warnIfPassedElsewhere();
      return undefined;
    });
    return;
  }
  const map = parseSocketMap(process.env["SOCKACT_MAP"]);
  checkMapNames(map, announcedNames());
  if (role === "activated") withoutNetlink();
  const app = preloadApp();
  interceptListen("preload", (server, args, listen) => onListen(server, args, listen, { app, map }));
}

/** A look at the variables, before anything of core is loaded: a preload runs in each Node that the app starts. */
function mayHaveSockets(): boolean {
  const { LISTEN_FDS, SOCKACT_CLUSTER, SYSTEMD_EXEC_PID, INVOCATION_ID, REMOTE_ADDR } = process.env;
  if ((LISTEN_FDS ?? SOCKACT_CLUSTER) !== undefined) return true;
  // The same conditions as for a socket on standard input, and for the messages to the service manager.
  return SYSTEMD_EXEC_PID === undefined
    ? (INVOCATION_ID ?? REMOTE_ADDR) !== undefined
    : SYSTEMD_EXEC_PID === String(process.pid);
}

function checkMapNames(map: readonly MapEntry[], names: readonly string[] | undefined): void {
  if (names === undefined) return;
  const unknown = map.find(({ name }) => !names.includes(name));
  if (unknown === undefined) return;
  throw new ActivationError(
    "ERR_NAME_UNKNOWN",
    `SOCKACT_MAP names the socket ${unknown.name}, which was not passed. Passed: ${names.join(", ")}`,
    "The name is that of FileDescriptorName= in the socket unit. Without that line, it is the name of the socket unit, such as app.socket.",
  );
}

interface Context {
  app: PreloadedApp;
  map: readonly MapEntry[];
}

function onListen(
  server: Server,
  args: unknown[],
  listen: Listen,
  { app, map }: Context,
): Server | undefined {
  const target = targetOf(args);
  // Without it, nothing would be done with a connection: it looks whether the port is free.
  if (target === undefined || server.listenerCount("connection") === 0) return undefined;
  const isHttp = server.listenerCount("request") > 0;
  const match = findMatch(target, { map, isHttp, mayTakeOnly: !hasAdapter() });
  const free = match?.sockets.filter(({ isServed }) => !isServed) ?? [];
  const [first] = free;
  if (first === undefined) {
    app.manage(server);
    return undefined;
  }
  const fds = free.map(({ fd }) => fd);
  if (isHttp) app.serve(server, fds, args);
  else
    app.serveLater(server, first.facts ?? { ...first, kind: "unknown", family: "unknown", address: null }, {
      fds,
      args,
      listen,
    });
  return server;
}

function findMatch(
  target: Target,
  options: { map: readonly MapEntry[]; isHttp: boolean; mayTakeOnly: boolean },
) {
  const sockets: AnnouncedSocket[] = announcedSockets();
  const match = matchSockets(target, { ...options, sockets });
  if (match?.rule === "map" || match?.rule === "address" || sockets.every(({ facts }) => facts !== undefined))
    return match;
  return matchSockets(target, { ...options, sockets: openAnnounced() });
}
