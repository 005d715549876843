import process from "node:process";
import {
  announcedNames,
  announcedSockets,
  exitWith,
  interceptListen,
  isActivationError,
  isForSockact,
  preloadApp,
  processRole,
  setUnservedHint,
} from "@sockact/shared/preload";
import { checkAppPort } from "./app-port.ts";
import { followEnvironment } from "./moved-environment.ts";
import { hintForUnserved, refuseUnknownNames } from "./messages.ts";
import { createListener } from "./on-listen.ts";
import { seenListens } from "./seen.ts";
import { parseSocketMap } from "./socket-map.ts";
import { summariseUnlessTaken } from "./summary.ts";
import { warnDescendant, warnUnactivated } from "./descendant.ts";
import { withoutNetlink } from "./without-netlink.ts";

/**
 * Makes the servers of this process listen on the passed sockets. If none were passed, drains them when the
 * process stops. Has no effect if no sockets were passed, no service manager expects messages, and no
 * variable asks for the lifecycle. Ends the process if a variable is malformed (`SOCKACT_ERR_OPTION`), or
 * if SOCKACT_MAP has a name that was not passed (`SOCKACT_ERR_NAME_UNKNOWN`).
 */
export function preload(): void {
  try {
    start();
  } catch (error) {
    if (isActivationError(error)) exitWith(error);
    throw error;
  }
}

function start(): void {
  const role = processRole();
  if (role === "descendant") interceptListen("preload", warnDescendant);
  if (role === "started" && process.env["SOCKACT_MAP"]) interceptListen("preload", warnUnactivated);
  if (role !== "activated" && role !== "supervised" && role !== "asked") return;
  checkAppPort();
  const map = parseSocketMap(process.env["SOCKACT_MAP"]);
  const names = announcedNames();
  // Sockets of OpenFile= may be the only ones.
  if (names?.some((name) => !isForSockact(name)) === true) {
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
  const intercept = createListener(preloadApp(), map, role === "asked");
  interceptListen("preload", (server, args, listen) => {
    followEnvironment(env);
    return intercept(server, args, listen);
  });
}
