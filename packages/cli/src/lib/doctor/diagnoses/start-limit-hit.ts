import { editUnit, readJournal } from "../fixes/commands.ts";
import type { Diagnosis } from "../model/diagnosis.ts";
import { lastRun } from "../facts/journal.ts";
import { serviceProperties, socketProperties } from "../facts/properties.ts";
import { lastEnd } from "../facts/runs.ts";

/** systemd has given the service up, and with it the port. */
export const startLimitHit: Diagnosis = {
  code: "start-limit-hit",
  severity: "error",
  title: "the service was started too often, and systemd has given up",
  why: "By default systemd allows five starts in ten seconds. After that, the socket fails too. Clients are refused until you start the socket again.",
  looksAt: "`Result` of the service and of each socket unit, and how the service exited.",
  remedy:
    "Correct the error that makes the service exit. Then run `systemctl reset-failed` and `systemctl start`. To keep the port open in future, write `StartLimitIntervalSec=0`, `Restart=on-failure` and `RestartSec=1s` into the service.",
  explains: ["restart-loop", "idle-spin", "socket-failed", "start-limit", "not-enabled"],
  async find(subject) {
    const { systemctl } = subject.host.manager;
    const [service, sockets, lines, end] = await Promise.all([
      subject.get(serviceProperties),
      subject.get(socketProperties),
      subject.get(lastRun),
      subject.get(lastEnd),
    ]);
    const failed = sockets.filter((socket) => socket.get("Result") === "service-start-limit-hit");
    const isServiceFailed = service.get("Result") === "start-limit-hit";
    const units = [...(isServiceFailed ? [service] : []), ...failed];
    if (units.length === 0) return [];
    const said = lines.find(({ message }) => /start request repeated too quickly/i.test(message));
    const names = units.map(({ unit }) => unit);
    return [
      {
        unit: failed[0]?.unit ?? service.unit,
        message:
          `${subject.service} was started too often: it ended each time. ${end.text} ${failed.length > 0 ? `${failed.map(({ unit }) => unit).join(" and ")} does not listen any more.` : ""}`.trim(),
        evidence: [
          ...units.map((unit) => ({
            text: `Result=${unit.get("Result")}`,
            source: `${systemctl} show ${unit.unit}`,
          })),
          ...(said ? [{ text: said.message, source: `journal of ${said.unit}` }] : []),
        ],
        fix: "Correct the error that ends the service: its journal has the details. Then start the socket again. With the lines below, the port stays open the next time.",
        copy: [
          readJournal(subject.host.manager, subject.service),
          ...editUnit(systemctl, subject.service, [
            "[Unit]",
            "StartLimitIntervalSec=0",
            "[Service]",
            "Restart=on-failure",
            "RestartSec=1s",
          ]),
          `${systemctl} reset-failed ${[...new Set([subject.service, ...names])].join(" ")}`,
          `${systemctl} start ${subject.sockets.join(" ")}`,
        ],
      },
    ];
  },
};
