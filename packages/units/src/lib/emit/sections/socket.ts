import { added, addedFor, asked, askedOr, type Line, type Section } from "../../write/lines.ts";
import { reasonsOf } from "../../write/reasons.ts";
import type { Socket, SocketOwner } from "../../read/sockets.ts";
import { healthUnits } from "../../read/fields/health.ts";
import { socketDirectives } from "../../read/fields/socket-directives.ts";
import { unquotedValue } from "../../systemd/escaping.ts";
import { ipEndpointOf, isOfAnInterface } from "../../systemd/ip-endpoints.ts";

const addedForHealth = addedFor(reasonsOf.healthSocket);
const addedForCondition = addedFor(reasonsOf.condition);

export function socketSections({ unit, path, values, sibling }: Socket, owner: SocketOwner): Section[] {
  const { name: app, startedUnit, isConditional, defaultInstance, healthSocket } = owner;
  const { kind } = owner.arrangement;
  const linesOf = (field: keyof typeof socketDirectives): Line[] =>
    values[field].length === 0 ? [] : asked(socketDirectives[field].key, values[field], `${path}.${field}`);
  const what = [
    app,
    ...(sibling === undefined ? [] : [unquotedValue(sibling)]),
    ...(kind === "template" ? ["%i"] : []),
  ];
  // The service that systemd starts by default.
  const namesake = unit.replace(/(@?)\.socket$/, (_, at) => (at === "" ? ".service" : "@%i.service"));
  return [
    {
      name: "Unit",
      lines: [
        ...askedOr("Description", values.description, `${path}.description`, `${what.join(" ")} socket`),
        ...(healthSocket.length === 0 ? [] : [addedForHealth("Wants", healthUnits(app).socket)]),
      ],
    },
    {
      name: "Socket",
      lines: [
        ...(Object.keys(socketDirectives) as (keyof typeof socketDirectives)[]).flatMap(linesOf),
        ...(values.freeBind.length === 0 ? freeBindLines([...values.listen, ...values.listenDatagram]) : []),
        ...(kind === "accept" || namesake === startedUnit ? [] : [added("Service", startedUnit)]),
        isConditional && kind !== "accept"
          ? addedForCondition("TriggerLimitIntervalSec", "2s")
          : added("TriggerLimitIntervalSec", "0"),
      ],
    },
    {
      name: "Install",
      lines: [
        added("WantedBy", "sockets.target"),
        ...asked("DefaultInstance", defaultInstance, "defaultInstance"),
      ],
    },
  ];
}

/**
 * The line for addresses that no interface may have yet when systemd opens the socket. For an address with
 * specifiers, `freeBind` decides.
 */
export function freeBindLines(addresses: readonly string[]): Line[] {
  const mayLackInterface = addresses.some((address) => {
    const expands = address.replaceAll("%%", "").includes("%");
    const place = expands ? undefined : ipEndpointOf(address.replaceAll("%%", "%"));
    return place !== undefined && isOfAnInterface(place);
  });
  return mayLackInterface ? [added("FreeBind", "true")] : [];
}
