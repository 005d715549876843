import { readJournal } from "../fixes/commands.ts";
import type { Diagnosis } from "../model/diagnosis.ts";
import { lastLines } from "../facts/last-lines.ts";
import { serviceProperties, uptime } from "../facts/properties.ts";
import { lastEnd, longestGap, recentStarts, runs } from "../facts/runs.ts";

/** The service ends soon after each start, and starts again. */
export const restartLoop: Diagnosis = {
  code: "restart-loop",
  severity: "error",
  title: "the service exits soon after each start, and starts again",
  why: "Restart= starts the service again, and so does each waiting client. The starts take processor time, and no client gets an answer.",
  looksAt: "How often the service was started in the last minute, and how it ended.",
  remedy: "Read the journal of the service, and correct the error that makes it exit.",
  async find(subject) {
    const [service, all, end] = await Promise.all([
      subject.get(serviceProperties),
      subject.get(runs),
      subject.get(lastEnd),
    ]);
    const recent = recentStarts(all);
    // After a manual restart, the service was running in between. And once it has run for long, the error has been corrected.
    const isUp =
      service.get("ActiveState") === "active" &&
      (service.get("NRestarts") === "0" || uptime(service) > 2 * longestGap(recent));
    if (recent.length === 0 || isUp || end.isAsleep) return [];
    const { manager } = subject.host;
    const seconds = Math.max(1, Math.round((recent.at(-1)!.started - recent[0]!.started) / 1000));
    return [
      {
        unit: subject.service,
        message: `${subject.service} was started ${recent.length} times in ${seconds} s. ${end.text}`.trim(),
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
        fix: "Read its journal to find out why it ends.",
        copy: [readJournal(subject.host.manager, subject.service)],
      },
    ];
  },
};
