import { unescapedUnitName } from "../../systemd/escaping.ts";
import type { Service } from "../../read/service.ts";
import { reasonsOf } from "../../write/reasons.ts";
import { added, addedFor, type Line } from "../../write/lines.ts";
import { pauseLinesAfterCondition } from "../sections/restarts.ts";
import { serviceSections } from "../sections/service.ts";
import { defaultParts, reportSplitName, socketUnit, type PortMethod } from "./port-method.ts";

const addedForHandover = addedFor(reasonsOf.handover);
const addedForPreload = addedFor(reasonsOf.preload);
const addedForRolling = addedFor(reasonsOf.rolling);

/**
 * The type of the description, or the one that `handover`, `rolling` or the preload needs. With
 * notify-reload, systemd 257 and older send SIGHUP in addition to the command in ExecReload=. If the first
 * handover fails at that moment, the app tries again, and the next reload reports that result.
 */
function typeLines(
  { values, arrangement: { kind }, handover, notifies }: Service,
  otherwise: Line[],
): Line[] {
  if (values.type.length > 0) return otherwise;
  if (handover.command.length > 0) return [addedForHandover("Type", "notify")];
  if (kind === "rolling") return [addedForRolling("Type", "notify")];
  return notifies ? [addedForPreload("Type", "notify-reload")] : otherwise;
}

/** systemd opens the sockets and passes them. */
export const socket: PortMethod = {
  report: reportSplitName,
  units(service, sockets) {
    const { values, inetd } = service;
    const { kind } = service.arrangement;
    const rolling = kind === "rolling";
    // Sockets= does not apply to connections. An instance gets the socket with its own name.
    const units = kind === "accept" ? [] : sockets.map(({ unit }) => unit.replace("@.socket", "@%i.socket"));
    const plain = defaultParts(service);
    return [
      ...sockets.map((one) => socketUnit(one, service)),
      {
        unit: service.unit,
        raw: service.raw,
        sections: serviceSections(service, {
          ...plain,
          type: typeLines(service, plain.type),
          requires: units.map((unit) => added("Requires", unit)),
          after: units.map((unit) => added("After", unit)),
          commandAfter: pauseLinesAfterCondition(service),
          own: [
            ...(inetd ? [] : [added("NonBlocking", "true")]),
            ...(units.length > 1 || rolling
              ? units.map((unit) => added("Sockets", unescapedUnitName(unit)))
              : []),
          ],
          install: [
            ...plain.install,
            ...(rolling && values.wantedBy.length > 0 ? [added("DefaultInstance", "blue")] : []),
            ...units.map((unit) => added("Also", unescapedUnitName(unit))),
          ],
        }),
      },
    ];
  },
};
