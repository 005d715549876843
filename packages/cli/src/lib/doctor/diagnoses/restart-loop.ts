import type { Diagnosis } from "../model/diagnosis.ts";
import { lastLines } from "../facts/last-lines.ts";
import { serviceProperties } from "../facts/properties.ts";
import { hasFallenAsleep, howItEnded, recentStarts, runs } from "../facts/runs.ts";

/** The service ends soon after each start, and is started again. */
export const restartLoop: Diagnosis = {
  code: "restart-loop",
  severity: "error",
  title: "the service ends soon after each start, and is started again",
  why: "Restart= starts it again, and so does each client that nobody has accepted. It takes processor time, and nobody is served.",
  looksAt: "how often the service was started in the last minute, and how it has ended",
  remedy: "what ends the service, by its journal",
  async find(subject) {
    const [service, all] = await Promise.all([subject.get(serviceProperties), subject.get(runs)]);
    const recent = recentStarts(all);
    // One that was stopped or restarted by hand was running in between.
    const isUp = service.get("ActiveState") === "active" && service.get("NRestarts") === "0";
    if (recent.length === 0 || isUp || hasFallenAsleep(service)) return [];
    const { manager } = subject.host;
    const seconds = Math.max(1, Math.round((recent.at(-1)!.started - recent[0]!.started) / 1000));
    return [
      {
        unit: subject.service,
        message:
          `${subject.service} was started ${recent.length} times in ${seconds} s. ${howItEnded(service)}`.trim(),
        evidence: [
          {
            text: `NRestarts=${service.get("NRestarts")}`,
            source: `${manager.systemctl} show ${subject.service}`,
          },
          ...(await subject.get(lastLines)).map((text) => ({
            text,
            source: `journal of ${subject.service}`,
          })),
        ],
        fix: "Find out why it ends. Once it works, systemd takes it as it is.",
        copy: [`journalctl ${manager.user ? "--user-unit" : "--unit"} ${subject.service} --lines 50`],
      },
    ];
  },
};
