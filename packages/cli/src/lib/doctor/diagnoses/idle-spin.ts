import { editUnit } from "../fixes/commands.ts";
import type { Diagnosis } from "../model/diagnosis.ts";
import { serviceProperties } from "../facts/properties.ts";
import { lastEnd, recentStarts, runs } from "../facts/runs.ts";

/** The service goes to sleep and is woken, again and again. */
export const idleSpin: Diagnosis = {
  code: "idle-spin",
  severity: "warning",
  title: "the service falls asleep and is woken again and again",
  why: "Each wake takes as long as a start of the app, and a client waits for it. An app that exits before it accepts is woken by the same client again.",
  looksAt:
    "how often the service was started in the last minute, and whether it exited with a status of `RestartPreventExitStatus`",
  remedy: "a longer `idleTimeout`, or what makes the app exit before it accepts",
  async find(subject) {
    const [service, all, end] = await Promise.all([
      subject.get(serviceProperties),
      subject.get(runs),
      subject.get(lastEnd),
    ]);
    const recent = recentStarts(all);
    if (recent.length === 0 || !end.isAsleep) return [];
    const { systemctl } = subject.host.manager;
    return [
      {
        unit: subject.service,
        message: `${subject.service} was started ${recent.length} times in the last minute. ${end.text} That is what an app does that goes to sleep.`,
        evidence: [
          {
            text: `RestartPreventExitStatus=${service.get("RestartPreventExitStatus")}`,
            source: `${systemctl} show ${subject.service}`,
          },
        ],
        fix: "Let it stay awake for longer:",
        copy: [
          ...editUnit(systemctl, subject.service, ["[Service]", "Environment=SOCKACT_IDLE_TIMEOUT=5min"]),
          `${systemctl} restart ${subject.service}`,
        ],
      },
    ];
  },
};
