import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { listItem } from "../../systemd/escaping.ts";
import { ipEndpointOf, isTakenBy } from "../../systemd/ip-endpoints.ts";
import { refusedLength } from "../../systemd/unit-names.ts";
import { address } from "../values/addresses.ts";
import { literal, matching, oneOrMore, rawText, type Read } from "../values/readers.ts";
import type { Arrangement } from "./arrangement.ts";
import { isObject, objectOf, readFields } from "./fields.ts";

/** How a load balancer asks about a service, with each value as it is in the unit file. */
export interface Health {
  /** The variable with the path that the app answers. */
  environment: string[];
  /** The addresses of the socket that answers without the app. */
  listen: string[];
}

const path: Read = (value, at, problems) =>
  literal(
    rawText(
      matching(
        "SOCKACT_ERR_UNIT_PATH",
        /^\/[!-"$->@-~]*$/,
        "not the path of a request",
        "begin with a /, and leave out the query, spaces and characters outside ASCII: '/healthz'",
      ),
    ),
  )(value, at, problems).map(() => listItem(`SOCKACT_HEALTH=${value as string}`));

const directives = {
  path: { key: "Environment", read: path },
  listen: { key: "ListenStream", read: oneOrMore(address) },
};

/** Reads the field `health`. The result may be used only if no problem was reported. */
export function readHealth(
  description: Record<string, unknown>,
  { kind }: Arrangement,
  problems: UnitProblem[],
): Health {
  const { health, name } = description;
  if (health === undefined) return { environment: [], listen: [] };
  const given = objectOf(health, "health", "write { path: '/healthz' }", problems) ?? {};
  const asked = readFields(directives, [], given, "health", problems);
  const report = conflictsIn(problems);
  if (isObject(health) && health["path"] === undefined && health["listen"] === undefined)
    problems.push({
      code: "SOCKACT_ERR_UNIT_MISSING",
      path: "health",
      message: "it has neither path nor listen",
      hint: "write { path: '/healthz' } for an answer of the app, or { listen: 8081 } for an answer that does not start the app",
    });
  if (asked.listen.length > 0) {
    if (kind === "template" || (typeof name === "string" && name.includes("@")))
      report(
        "health.listen",
        "each instance would listen at the same address",
        "leave it out, and write path",
      );
    if (description["bind"] === "capability")
      report(
        "health.listen",
        "without a socket unit, nothing wakes the service, so it never sleeps",
        "leave it out, and write path; or write bind: 'socket'",
      );
    const tooLong = typeof name === "string" ? refusedLength(healthUnits(name).service) : undefined;
    if (tooLong !== undefined) problems.push({ path: "name", ...tooLong });
    reportTaken(asked.listen, description, problems);
  }
  return { environment: asked.path, listen: asked.listen };
}

/** The names of the units that answer for a service. */
export function healthUnits(name: string): { socket: string; service: string } {
  return { socket: `${name}-health.socket`, service: `${name}-health@.service` };
}

/** Reports what the sockets of the app already have: the address, or the name of the unit. */
function reportTaken(
  listen: readonly string[],
  { sockets }: Record<string, unknown>,
  problems: UnitProblem[],
): void {
  const report = conflictsIn(problems);
  for (const [index, socket] of (Array.isArray(sockets) ? (sockets as unknown[]) : []).entries()) {
    if (!isObject(socket)) continue;
    const onlyIPv6 = socket["bindIPv6Only"] === "ipv6-only";
    const others = [socket["listen"]]
      .flat()
      .filter((one) => typeof one === "string" || typeof one === "number");
    const taken = others.map(String).find((other) => listen.some((own) => isSame(own, other, onlyIPv6)));
    if (taken !== undefined)
      report(
        "health.listen",
        `${shown(taken)} is already open: sockets[${index}].listen`,
        "write another port. The app's own port answers probes with health.path",
      );
    if (Array.isArray(sockets) && sockets.length > 1 && socket["name"] === "health")
      report(
        `sockets[${index}].name`,
        "the socket of health.listen has this name",
        "choose another name, such as 'web'",
      );
  }
}

function isSame(own: string, other: string, onlyIPv6: boolean): boolean {
  const [one, two] = [own, other].map((text) => ipEndpointOf(text.replaceAll("%%", "%")));
  return one === undefined || two === undefined ? own === other : isTakenBy(one, two, onlyIPv6);
}
