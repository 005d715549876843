import type { Arrangement } from "../fields/arrangement.ts";
import { isObject } from "../fields/fields.ts";
import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";

/** Directives that only a service manager with root privileges can grant. */
const ofRoot = ["user", "group", "supplementaryGroups"];
const ofRootInSockets = ["socketUser", "socketGroup"];

/** Reports values that the service manager of a user refuses or lacks. */
export function refuseForUserManager(
  { manager, uid }: Arrangement,
  description: Record<string, unknown>,
  openFile: boolean,
  problems: UnitProblem[],
): void {
  const refuse = conflictsIn(problems);
  if (manager !== "user") {
    if (uid !== undefined)
      refuse(
        "uid",
        "the system's service manager does not belong to a user",
        "write manager: 'user', or leave it out",
      );
    return;
  }
  if (openFile && uid === undefined) {
    problems.push({
      code: "SOCKACT_ERR_UNIT_MISSING",
      path: "uid",
      message: "it is missing, and the path in OpenFile= contains it for the service manager of a user",
      hint: "write what `id -u` prints; or openFile: false with notifyAccess: 'all', and notify with systemd-notify(1)",
    });
  }
  const sockets: unknown[] = Array.isArray(description["sockets"]) ? description["sockets"] : [];
  const places = [
    ...ofRoot.map((field) => [description, field, field] as const),
    ...sockets.flatMap((socket, index) =>
      ofRootInSockets.map((field) => [socket, field, `sockets[${index}].${field}`] as const),
    ),
  ];
  for (const [source, field, path] of places) {
    if (!isObject(source) || source[field] === undefined) continue;
    refuse(path, "the service manager of a user runs everything as that user", "leave it out");
  }
  const { wantedBy } = description;
  if (Array.isArray(wantedBy) && wantedBy.includes("multi-user.target")) {
    refuse(
      "wantedBy",
      `the service manager of a user has no unit ${shown("multi-user.target")}`,
      "write 'default.target'",
    );
  }
}
