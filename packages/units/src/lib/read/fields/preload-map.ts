import { isListenPlace } from "../../node/register.ts";
import { conflictsIn, member, shown, type UnitProblem } from "../../problems.ts";
import { listItem } from "../../systemd/escaping.ts";
import { asked, type Line } from "../../write/lines.ts";
import { report, textOf } from "../values/readers.ts";
import { setsVariable } from "./environment.ts";
import { entriesByName, isObject, objectOf } from "./fields.ts";

/** The names of the sockets of a description. */
function socketNames({ sockets }: Record<string, unknown>): string[] {
  return (Array.isArray(sockets) ? sockets : []).flatMap((socket: unknown) =>
    isObject(socket) && typeof socket["name"] === "string" ? [socket["name"]] : [],
  );
}

/** SOCKACT_MAP=: an entry per place and socket. */
export function mapLines(
  value: unknown,
  description: Record<string, unknown>,
  problems: UnitProblem[],
): Line[] {
  const path = "preload.map";
  const map = objectOf(
    value,
    path,
    "write the name of a socket by the app's port: { 3000: 'http' }",
    problems,
  );
  if (map === undefined) return [];
  const reportConflict = conflictsIn(problems);
  const { sockets, bind = "socket" } = description;
  if (bind !== "socket")
    reportConflict(path, `with bind: ${shown(bind)} systemd passes no socket to the program`, "leave it out");
  if (setsVariable(description, "SOCKACT_MAP"))
    reportConflict(path, "the description also sets SOCKACT_MAP", "leave out one of them");
  if (Array.isArray(sockets) && sockets.some((socket) => isObject(socket) && socket["accept"] === true))
    reportConflict(
      path,
      "with accept, the service gets one connection, whose name you cannot set",
      "leave it out",
    );
  const names = socketNames(description);
  const entries = entriesByName(map).flatMap(([place, given]) => {
    const at = member(path, place);
    // The preload trims entries.
    if (textOf(place, at, problems) !== undefined && (place !== place.trim() || !isListenPlace(place))) {
      report(
        "SOCKACT_ERR_UNIT_ADDRESS",
        at,
        problems,
        `${shown(place)} is not a port or path on which an app listens`,
        "write a port such as 3000, '127.0.0.1:3000', '/run/app.sock' or '@abstract', without a comma in it",
      );
    }
    return [given].flat().flatMap((name: unknown) => {
      reportName(name, names, at, problems);
      return `${place}=${String(name)}`;
    });
  });
  if (entries.length === 0)
    report(
      "SOCKACT_ERR_UNIT_MISSING",
      path,
      problems,
      "it is empty",
      "leave it out, or write { 3000: 'http' }",
    );
  return asked("Environment", [listItem(`SOCKACT_MAP=${entries.join(",")}`)], path);
}

/** Reports names that no socket has, or that SOCKACT_MAP can't contain. */
function reportName(name: unknown, names: readonly string[], path: string, problems: UnitProblem[]): void {
  const hint =
    names.length === 0 ? "write name: 'http' in the socket, and 'http' here" : `one of ${names.join(", ")}`;
  if (typeof name !== "string")
    report("SOCKACT_ERR_UNIT_TYPE", path, problems, `${shown(name)} is not the name of a socket`, hint);
  else if (!names.includes(name))
    report("SOCKACT_ERR_UNIT_CHOICE", path, problems, `${shown(name)} is not the name of a socket`, hint);
  else if (/[,=]|^\s|\s$/.test(name))
    report(
      "SOCKACT_ERR_UNIT_NAME",
      path,
      problems,
      `${shown(name)}: SOCKACT_MAP cannot contain a name with a comma, an =, or a space at either end`,
      "rename the socket",
    );
}
