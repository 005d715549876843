import { lastRun, quoted } from "../facts/journal.ts";
import { processes } from "../facts/processes.ts";
import { isUnusedOfVendor, serviceUnit, socketUnits, type Unit } from "../facts/units.ts";
import { editUnit } from "../model/commands.ts";
import type { Diagnosis, Evidence, Found } from "../model/diagnosis.ts";
import type { Subject } from "../model/subject.ts";

/** `Socket service shop.service already active, refusing.` */
const REFUSED = /Socket service \S+ already active, refusing/;

/** A service that was started alone. */
export const withoutSocket: readonly Diagnosis[] = [
  {
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
      const [service, all, running, lines] = await subject.all(serviceUnit, socketUnits, processes, lastRun);
      const main = running.find(({ isMain }) => isMain);
      const expected = all.filter((socket) => socket.get("Accept") !== "yes" && !isUnusedOfVendor(socket));
      if (main === undefined || service.state === "deactivating") return [];
      // If LISTEN_FDS is not visible, the socket's state decides: an inactive socket was not passed.
      const isWithout =
        main.passed === 0 ||
        (main.passed === undefined && expected.every((socket) => socket.state !== "active"));
      const missed = isWithout ? expected : expected.filter((socket) => isYounger(socket, service));
      if (missed.length === 0) return [];
      const refusals = expected.map(({ unit }) =>
        lines.findLast((line) => line.unit === unit && REFUSED.test(line.message)),
      );
      return startedAlone(service, missed, subject, [
        {
          text: isWithout ? "LISTEN_FDS is not set" : `LISTEN_FDS=${main.passed}`,
          source: main.passed === undefined ? "the socket units are not active" : `/proc/${main.pid}/environ`,
        },
        ...missed.flatMap((socket) => socket.show("ActiveState")),
        ...refusals.flatMap((line) => quoted([line])),
      ]);
    },
  },
];

/** Whether the socket was opened after the service was started. */
function isYounger(socket: Unit, service: Unit): boolean {
  const opened = Number(socket.get("ActiveEnterTimestampMonotonic"));
  const started = Number(service.get("ExecMainStartTimestampMonotonic"));
  return socket.state !== "active" || (opened > started && started > 0);
}

function startedAlone(
  service: Unit,
  missed: readonly Unit[],
  subject: Subject,
  evidence: readonly Evidence[],
): Found {
  const { unit } = service;
  const { systemctl } = subject;
  const names = missed.map((socket) => socket.unit);
  const all = subject.sockets.join(" ");
  const isRequired = names.every((name) => service.list("Requires").includes(name));
  const isEnabled = service.get("UnitFileState") === "enabled";
  return {
    message: [
      `${unit} runs without ${names.join(" and ")}.`,
      ...(isRequired ? [] : ["It does not require the socket, so it can be started alone."]),
      ...(isEnabled
        ? [`${unit} is enabled itself, so it starts at each boot instead of with the first connection.`]
        : []),
    ].join(" "),
    evidence: [
      ...evidence,
      ...service.show(...(isRequired ? [] : ["Requires"]), ...(isEnabled ? ["UnitFileState"] : [])),
    ],
    fix: isRequired
      ? "Start the socket instead of the service."
      : "Make the service require its socket, and start the socket.",
    copy: [
      ...(isRequired ? [] : editUnit(subject, unit, ["[Unit]", `Requires=${all}`, `After=${all}`])),
      ...(isEnabled ? [`${systemctl} disable ${unit}`] : []),
      `${systemctl} stop ${unit}`,
      `${systemctl} enable --now ${all}`,
    ],
  };
}
