import { handover } from "../facts/handover.ts";
import { type UnitProperties, serviceProperties, socketProperties } from "../facts/properties.ts";
import { quoted } from "../facts/service-run.ts";
import { addLines } from "../fixes/commands.ts";
import type { Diagnosis } from "../model/diagnosis.ts";

interface Obstacle {
  /** The property and its value. */
  text: string;
  why: string;
  fix: string;
  /** Lines for [Service]. */
  lines: readonly string[];
}

/** The service is to hand over at a reload, and can't. */
export const handoverUnsupported: Diagnosis = {
  code: "handover-unsupported",
  severity: "warning",
  title: "handover is on, but this service can't hand over",
  why: "For a handover, one process has to serve the sockets, and systemd has to accept a new main process. Otherwise a reload does not start the new version.",
  looksAt:
    "`SOCKACT_HANDOVER=`, `Type=`, `Accept=`, `StandardInput=` and `PrivatePIDs=` of the service, and `ERR_HANDOVER_UNSUPPORTED` in its journal.",
  remedy: "Change the unit, or take `SOCKACT_HANDOVER=` out of it.",
  explains: ["handover-result-missing"],
  async find(subject) {
    const [{ isConfigured, failure }, service, sockets] = await Promise.all([
      subject.get(handover),
      subject.get(serviceProperties),
      subject.get(socketProperties),
    ]);
    const { systemctl } = subject.host.manager;
    const obstacle = isConfigured && service.isLoaded ? obstacleOf(service, sockets) : undefined;
    if (obstacle !== undefined)
      return [
        {
          unit: subject.service,
          message: `SOCKACT_HANDOVER= is on, but ${obstacle.why}.`,
          evidence: [{ text: obstacle.text, source: `${systemctl} show ${subject.service}` }],
          fix: obstacle.fix,
          copy: obstacle.lines.length === 0 ? [] : addLines(subject.host, subject.service, ...obstacle.lines),
        },
      ];
    if (failure?.line === undefined || failure.code !== "ERR_HANDOVER_UNSUPPORTED") return [];
    return [
      {
        unit: subject.service,
        message: `${subject.service} was asked to hand over, and can't.`,
        evidence: quoted([failure.line]),
        fix: "Do what the error says, or turn handover off.",
      },
    ];
  },
};

function obstacleOf(service: UnitProperties, sockets: readonly UnitProperties[]): Obstacle | undefined {
  const off = "Take SOCKACT_HANDOVER= out of the unit.";
  const isAccept = sockets.some((socket) => socket.get("Accept") === "yes");
  if (isAccept || service.get("StandardInput") === "socket")
    return {
      text: isAccept ? "Accept=yes" : "StandardInput=socket",
      why: "each connection has a process of its own",
      fix: `${off} New connections get the new version without a handover.`,
      lines: [],
    };
  if (service.get("PrivatePIDs") === "yes")
    return {
      text: "PrivatePIDs=yes",
      why: "PrivatePIDs=yes ends every process of the service when the first one ends",
      fix: "Leave PrivatePIDs= out:",
      lines: ["PrivatePIDs=no"],
    };
  if (service.get("Type") !== "notify-reload")
    return {
      text: `Type=${service.get("Type")}`,
      why: `Type=${service.get("Type")} has no reload by SIGHUP`,
      fix: "Change the type. It needs systemd 253 or later:",
      lines: ["Type=notify-reload"],
    };
}
