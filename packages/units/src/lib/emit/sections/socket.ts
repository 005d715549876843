import { added, addedFor, asked, askedOr, type Line, type Section } from "../../write/lines.ts";
import { reasonsOf } from "../../write/reasons.ts";
import type { Socket, SocketOwner } from "../../read/sockets.ts";
import { socketDirectives } from "../../read/fields/socket-directives.ts";
import { unquotedValue } from "../../systemd/escaping.ts";
import { ipEndpointOf, isOfAnInterface } from "../../systemd/ip-endpoints.ts";

const addedForCondition = addedFor(reasonsOf.condition);

/** The sections of a socket's unit file. */
export function socketSections({ unit, values, sibling }: Socket, owner: SocketOwner): Section[] {
  const { name: app, startedUnit, isConditional, defaultInstance } = owner;
  const { kind } = owner.arrangement;
  const linesOf = (field: keyof typeof socketDirectives): Line[] =>
    asked(socketDirectives[field].key, values[field]);
  const what = [
    app,
    ...(sibling === undefined ? [] : [unquotedValue(sibling)]),
    ...(kind === "template" ? ["%i"] : []),
  ];
  // The service that systemd starts by default.
  const namesake = unit.replace(/(@?)\.socket$/, (_, at) => (at === "" ? ".service" : "@%i.service"));
  return [
    { name: "Unit", lines: askedOr("Description", values.description, `${what.join(" ")} socket`) },
    {
      name: "Socket",
      lines: [
        ...(Object.keys(socketDirectives) as (keyof typeof socketDirectives)[]).flatMap(linesOf),
        ...(values.freeBind.length === 0 && mayLackInterface(values) ? [added("FreeBind", "true")] : []),
        ...(kind === "accept" || namesake === startedUnit ? [] : [added("Service", startedUnit)]),
        isConditional && kind !== "accept"
          ? addedForCondition("TriggerLimitIntervalSec", "2s")
          : added("TriggerLimitIntervalSec", "0"),
      ],
    },
    {
      name: "Install",
      lines: [added("WantedBy", "sockets.target"), ...asked("DefaultInstance", defaultInstance)],
    },
  ];
}

/** Whether it is possible that no interface has the address yet when systemd opens the socket. For an address with specifiers, `freeBind` decides. */
function mayLackInterface({ listen, listenDatagram }: Socket["values"]): boolean {
  return [...listen, ...listenDatagram].some((address) => {
    const expands = address.replaceAll("%%", "").includes("%");
    const place = expands ? undefined : ipEndpointOf(address.replaceAll("%%", "%"));
    return place !== undefined && isOfAnInterface(place);
  });
}
