import { editUnit } from "../fixes/commands.ts";
import type { Diagnosis, Evidence, Found } from "../model/diagnosis.ts";
import { lastRun } from "../facts/journal.ts";
import { processes } from "../facts/processes.ts";
import {
  isUnusedOfVendor,
  serviceProperties,
  socketProperties,
  type UnitProperties,
} from "../facts/properties.ts";

/** `Socket service shop.service already active, refusing.` */
const refused = /Socket service \S+ already active, refusing/;

/** The service runs without the socket: it was started alone. */
export const serviceWithoutSocket: Diagnosis = {
  code: "service-without-socket",
  severity: "error",
  title: "the service was started without its socket",
  why: "systemd passes sockets to a service only when the service starts. A service that started without its socket opens the port itself or fails. While it runs, the socket unit can't start.",
  looksAt:
    "`LISTEN_FDS` of the main process, `Requires=` of the service, and the state and the journal of each socket unit.",
  remedy:
    "Write `Requires=` and `After=` with the socket unit into the service. Then stop the service, and start the socket.",
  explains: ["socket-inactive", "socket-failed", "socket-not-claimed", "requires-missing", "not-enabled"],
  async find(subject) {
    const [service, sockets, running, lines] = await Promise.all([
      subject.get(serviceProperties),
      subject.get(socketProperties),
      subject.get(processes),
      subject.get(lastRun),
    ]);
    const main = running.find(({ isMain }) => isMain);
    const expected = sockets.filter((socket) => socket.get("Accept") !== "yes" && !isUnusedOfVendor(socket));
    if (main === undefined || expected.length === 0 || service.get("ActiveState") === "deactivating")
      return [];
    const { systemctl } = subject.host.manager;
    const refusals = expected.flatMap(
      ({ unit }) => lines.findLast((line) => line.unit === unit && refused.test(line.message)) ?? [],
    );
    // Without permission to see LISTEN_FDS, the state of the socket decides: an inactive socket was not passed.
    const isWithout =
      main.passed === 0 ||
      (main.passed === undefined && expected.every((socket) => socket.get("ActiveState") !== "active"));
    const missed = isWithout ? expected : expected.filter((socket) => isYounger(socket, service));
    if (missed.length === 0) return [];
    const evidence: Evidence[] = [
      {
        text: isWithout ? "LISTEN_FDS is not set" : `LISTEN_FDS=${main.passed}`,
        source: main.passed === undefined ? "the socket units are not active" : `/proc/${main.pid}/environ`,
      },
      ...missed.map((socket) => ({
        text: `ActiveState=${socket.get("ActiveState")}`,
        source: `${systemctl} show ${socket.unit}`,
      })),
      ...refusals.map(({ message, unit }) => ({ text: message, source: `journal of ${unit}` })),
    ];
    return [found(service, missed, sockets, evidence, systemctl)];
  },
};

/** Whether the socket was opened after the service was started. */
function isYounger(socket: UnitProperties, service: UnitProperties): boolean {
  const opened = Number(socket.get("ActiveEnterTimestampMonotonic"));
  const started = Number(service.get("ExecMainStartTimestampMonotonic"));
  return socket.get("ActiveState") !== "active" || (opened > started && started > 0);
}

function found(
  service: UnitProperties,
  missed: readonly UnitProperties[],
  sockets: readonly UnitProperties[],
  evidence: readonly Evidence[],
  systemctl: string,
): Found {
  const { unit } = service;
  const names = missed.map((socket) => socket.unit);
  const all = sockets.map((socket) => socket.unit);
  const isRequired = names.every((name) => service.list("Requires").includes(name));
  const isEnabled = service.get("UnitFileState") === "enabled";
  return {
    unit,
    message: [
      `${unit} runs without ${names.join(" and ")}.`,
      ...(isRequired ? [] : ["It does not require the socket, so it can be started alone."]),
      ...(isEnabled
        ? [`${unit} is enabled itself, so it starts at each boot instead of with the first connection.`]
        : []),
    ].join(" "),
    evidence: [
      ...evidence,
      ...(isRequired
        ? []
        : [{ text: `Requires=${service.get("Requires")}`, source: `${systemctl} show ${unit}` }]),
      ...(isEnabled ? [{ text: "UnitFileState=enabled", source: `${systemctl} show ${unit}` }] : []),
    ],
    fix: isRequired
      ? "Start the socket instead of the service."
      : "Make the service require its socket, and start the socket.",
    copy: [
      ...(isRequired
        ? []
        : editUnit(systemctl, unit, ["[Unit]", `Requires=${all.join(" ")}`, `After=${all.join(" ")}`])),
      ...(isEnabled ? [`${systemctl} disable ${unit}`] : []),
      `${systemctl} stop ${unit}`,
      `${systemctl} enable --now ${all.join(" ")}`,
    ],
  };
}
