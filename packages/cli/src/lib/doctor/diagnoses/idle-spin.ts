import { editUnit } from "../fixes/commands.ts";
import type { Diagnosis } from "../model/diagnosis.ts";
import { serviceProperties } from "../facts/properties.ts";
import { lastEnd, recentStarts, runs } from "../facts/runs.ts";

/** The service goes to sleep and wakes again and again. */
export const idleSpin: Diagnosis = {
  code: "idle-spin",
  severity: "warning",
  title: "the service goes to sleep and wakes again and again",
  why: "Each time it wakes, a client waits until the app has started. If the app exits before it accepts that client, the same client wakes it again.",
  looksAt:
    "How often the service was started in the last minute, and whether it exited with a status of `RestartPreventExitStatus`.",
  remedy: "Set a longer `idleTimeout`, or correct the error that makes the app exit before it accepts.",
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
        message: `${subject.service} was started ${recent.length} times in the last minute. ${end.text} An app that goes to sleep exits like this.`,
        evidence: [
          {
            text: `RestartPreventExitStatus=${service.get("RestartPreventExitStatus")}`,
            source: `${systemctl} show ${subject.service}`,
          },
        ],
        fix: "Let it stay awake longer:",
        copy: [
          ...editUnit(systemctl, subject.service, ["[Service]", "Environment=SOCKACT_IDLE_TIMEOUT=5min"]),
          `${systemctl} restart ${subject.service}`,
        ],
      },
    ];
  },
};
