import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { listItem } from "../../systemd/escaping.ts";
import { ipEndpointOf, isTakenBy } from "../../systemd/ip-endpoints.ts";
import { refusedLength } from "../../systemd/unit-names.ts";
import { address } from "../values/addresses.ts";
import {
  literal,
  matching,
  oneOrMore,
  rawText,
  type Read,
  report as reportValue,
} from "../values/readers.ts";
import type { Arrangement } from "./arrangement.ts";
import { isObject } from "./fields.ts";

/** The variable with the health path of the app. */
export const healthVariable: Read = (value, at, problems) => {
  if (isObject(value))
    return reportValue(
      "SOCKACT_ERR_UNIT_TYPE",
      at,
      problems,
      `${shown(value)} is not a string`,
      "write a path, such as '/healthz'; the address of a socket that answers without the app goes into healthSocket",
    );
  return literal(
    rawText(
      matching(
        "SOCKACT_ERR_UNIT_PATH",
        /^\/[!-"$->@-~]*$/,
        "not the path of a request",
        "begin with a /, and leave out the query, spaces and characters outside ASCII: '/healthz'",
      ),
    ),
  )(value, at, problems).map(() => listItem(`SOCKACT_HEALTH=${value as string}`));
};

/**
 * Reads the field `healthSocket`: the addresses that answer without the app. The result is valid only if no
 * problem was reported.
 */
export function readHealthSocket(
  description: Record<string, unknown>,
  { kind }: Arrangement,
  problems: UnitProblem[],
): string[] {
  const { healthSocket, name } = description;
  if (healthSocket === undefined) return [];
  const listen = oneOrMore(address)(healthSocket, "healthSocket", problems);
  const report = conflictsIn(problems);
  if (kind === "template" || (typeof name === "string" && name.includes("@")))
    report(
      "healthSocket",
      "all instances would listen on the same address",
      "leave it out, and write health",
    );
  if (description["bind"] === "capability")
    report(
      "healthSocket",
      "without a socket unit, nothing wakes the service, so it never sleeps",
      "leave it out, and write health; or write bind: 'socket'",
    );
  const tooLong = typeof name === "string" ? refusedLength(healthUnits(name).service) : undefined;
  if (tooLong !== undefined) problems.push({ path: "name", ...tooLong });
  reportTaken(listen, description, problems);
  return listen;
}

/** The names of the units that answer health probes. */
export function healthUnits(name: string): { socket: string; service: string } {
  return { socket: `${name}-health.socket`, service: `${name}-health@.service` };
}

/** Reports addresses and unit names that the app's sockets already use. */
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
        "healthSocket",
        `${shown(taken)} is already open: sockets[${index}].listen`,
        "write another port. The app's own port answers probes with health",
      );
    if (Array.isArray(sockets) && sockets.length > 1 && socket["name"] === "health")
      report(
        `sockets[${index}].name`,
        "the socket of healthSocket has this name",
        "choose another name, such as 'web'",
      );
  }
}

function isSame(own: string, other: string, onlyIPv6: boolean): boolean {
  const [one, two] = [own, other].map((text) => ipEndpointOf(text.replaceAll("%%", "%")));
  return one === undefined || two === undefined ? own === other : isTakenBy(one, two, onlyIPv6);
}
