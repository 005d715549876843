import process from "node:process";
import {
  announcedNames,
  announcedSockets,
  interceptListen,
  isActivationError,
  preloadApp,
  processRole,
  setUnservedHint,
} from "@sockact/core/preload";
import { followEnvironment } from "./moved-environment.ts";
import { endWith, hintForUnserved, refuseUnknownNames } from "./messages.ts";
import { createListener } from "./on-listen.ts";
import { seenListens } from "./seen.ts";
import { parseSocketMap } from "./socket-map.ts";
import { summariseUnlessTaken } from "./summary.ts";
import { warnDescendant, warnUnactivated } from "./descendant.ts";
import { withoutNetlink } from "./without-netlink.ts";

/**
 * Makes the servers of this process listen on the sockets that were passed to it. Does nothing in a process to which none were passed, or for which no
 * service manager waits. Ends the process where a variable is malformed (`ERR_OPTION`), and for a name in SOCKACT_MAP that was not passed (`ERR_NAME_UNKNOWN`).
 */
export function preload(): void {
  if (!mayHaveSockets()) return;
  try {
    start();
  } catch (error) {
    if (isActivationError(error)) endWith(error);
    throw error;
  }
}

function start(): void {
  const role = processRole();
  if (role === "descendant") interceptListen("preload", warnDescendant);
  if (role === "started" && process.env["SOCKACT_MAP"]) interceptListen("preload", warnUnactivated);
  if (role !== "activated" && role !== "supervised") return;
  const map = parseSocketMap(process.env["SOCKACT_MAP"]);
  const names = announcedNames();
  // The notify socket of OpenFile= may be all that was passed.
  if (names?.some((name) => name !== "notify") === true) {
    refuseUnknownNames(map, names);
    summariseUnlessTaken(map);
  }
  setUnservedHint((unserved) =>
    hintForUnserved(
      announcedSockets().filter(({ name, isServed }) => unserved.includes(name) && !isServed),
      seenListens,
      map,
    ),
  );
  if (role === "activated") withoutNetlink();
  const { env } = process;
  const intercept = createListener(preloadApp(), map);
  interceptListen("preload", (server, args, listen) => {
    followEnvironment(env);
    return intercept(server, args, listen);
  });
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
