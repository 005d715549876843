import { isObject } from "./fields.ts";
import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { integer } from "../values/numbers.ts";
import { oneOf } from "../values/readers.ts";
import { refusedLength } from "../../systemd/unit-names.ts";
import { oldestVersion } from "../../systemd/versions.ts";

/** The kind of units of a description, and their service manager. */
export interface Arrangement {
  /**
   * `template`: both units are templates. `accept`: the service is a template with an instance per
   * connection.
   */
  kind: "pair" | "template" | "accept" | "rolling";
  manager: "system" | "user";
  uid: number | undefined;
  /** The version of systemd, if set. */
  systemd: number | undefined;
}

function firstSocket({ sockets }: Record<string, unknown>, field: string): number {
  return Array.isArray(sockets)
    ? sockets.findIndex((socket) => isObject(socket) && socket[field] === true)
    : -1;
}

/** Reads the kind of units, and reports fields that contradict it. */
export function readArrangement(description: Record<string, unknown>, problems: UnitProblem[]): Arrangement {
  const { systemd, manager = "system", uid, template, rolling, name } = description;
  const accepting = firstSocket(description, "accept");
  const kind =
    accepting >= 0 ? "accept" : template === true ? "template" : rolling === true ? "rolling" : "pair";
  const report = conflictsIn(problems);
  const given = (field: string) => description[field] !== undefined && description[field] !== false;

  const version = systemd === undefined ? [] : integer(oldestVersion, 999)(systemd, "systemd", problems);
  const [checkedManager = "system"] = oneOf(["system", "user"])(manager, "manager", problems);
  if (uid !== undefined) integer(0, 4_294_967_294)(uid, "uid", problems);
  if (uid !== undefined && checkedManager !== "user")
    report(
      "uid",
      "the system's service manager does not belong to a user",
      "write manager: 'user', or leave it out",
    );

  if (kind === "accept") {
    const several = (description["sockets"] as unknown[]).length > 1;
    if (several) {
      report(
        `sockets[${accepting}].accept`,
        "there are several sockets, but the service of a connection has the name of the socket that accepted it",
        "write one socket with several addresses, or a description for each socket",
      );
    }
    for (const [field, why] of [
      ["template", "the service is already the template of its connections"],
      ["rolling", "a service that serves one connection is never replaced"],
      ["idleTimeout", "the service ends with its connection"],
      ["wantedBy", "only a connection can start the service"],
    ] as const) {
      if (given(field)) report(field, `with accept, ${why}`, "leave it out, or accept");
    }
    if (given("restart") && description["restart"] !== "no")
      report("restart", "a restarted service has lost its connection", "leave it out, or accept");
  } else if (given("inetd")) {
    report(
      "inetd",
      "no socket has accept, so systemd has no connection to pass",
      "write accept: true in the socket",
    );
  }
  if (template === true && rolling === true)
    report(
      "rolling",
      "the instances of rolling share one socket, but each instance of a template has its own",
      "leave one out",
    );
  if (kind !== "pair" && typeof name === "string" && /.@./.test(name))
    report(
      "name",
      `${shown(name)} names an instance, and ${kind} makes its own instances`,
      "leave out the @ and the part after it",
    );
  const { defaultInstance } = description;
  if (given("defaultInstance") && kind !== "template")
    report("defaultInstance", "the unit is not a template", "write template: true, or leave it out");
  if (typeof name === "string" && typeof defaultInstance === "string") {
    const tooLong = refusedLength(`${name}@${defaultInstance}.service`);
    if (tooLong !== undefined) problems.push({ path: "defaultInstance", ...tooLong });
  }
  return {
    kind,
    manager: checkedManager as Arrangement["manager"],
    uid: uid as number | undefined,
    systemd: version.length === 0 ? undefined : Number(version[0]),
  };
}

/** The path of the service manager's notify socket. OpenFile= does not expand specifiers. */
export function notifySocket({ manager, uid }: Arrangement): string {
  return manager === "user" ? `/run/user/${uid}/systemd/notify` : "/run/systemd/notify";
}
