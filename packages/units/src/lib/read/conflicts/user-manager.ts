import type { Arrangement } from "../fields/arrangement.ts";
import { isObject } from "../fields/fields.ts";
import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";

/** What only a service manager that is root can grant. */
const ofRoot = ["user", "group", "supplementaryGroups"];
const ofRootInSockets = ["socketUser", "socketGroup"];

/** Reports what a user's own service manager refuses, or has not. */
export function refuseForUserManager(
  { manager, uid }: Arrangement,
  description: Record<string, unknown>,
  openFile: boolean,
  problems: UnitProblem[],
): void {
  const refuse = conflictsIn(problems);
  if (manager !== "user") {
    if (uid !== undefined)
      refuse("uid", "the system's manager has no user", "write manager: 'user', or leave it out");
    return;
  }
  if (openFile && uid === undefined) {
    problems.push({
      code: "ERR_UNIT_MISSING",
      path: "uid",
      message: "it is missing, and OpenFile= of a user's manager has it in its path",
      hint: "write what `id -u` prints; or openFile: false with notifyAccess: 'all', and notify by systemd-notify(1)",
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
    refuse(path, "a user's manager runs everything as that user", "leave it out");
  }
  const { wantedBy } = description;
  if (Array.isArray(wantedBy) && wantedBy.includes("multi-user.target")) {
    refuse(
      "wantedBy",
      `${shown("multi-user.target")} is the system's, and a user's manager has none`,
      "write 'default.target'",
    );
  }
}
