import type { Diagnosis } from "../model/diagnosis.ts";
import { serviceProperties } from "../facts/properties.ts";
import { hasFallenAsleep, recentStarts, runs } from "../facts/runs.ts";

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
    const [service, all] = await Promise.all([subject.get(serviceProperties), subject.get(runs)]);
    const recent = recentStarts(all);
    if (recent.length === 0 || !hasFallenAsleep(service)) return [];
    const { systemctl } = subject.host.manager;
    return [
      {
        unit: subject.service,
        message: `${subject.service} was started ${recent.length} times in the last minute, and has exited with ${service.get("ExecMainStatus")}, as an app does that goes to sleep.`,
        evidence: [
          {
            text: `ExecMainStatus=${service.get("ExecMainStatus")}\nRestartPreventExitStatus=${service.get("RestartPreventExitStatus")}`,
            source: `${systemctl} show ${subject.service}`,
          },
        ],
        fix: "Let it stay awake for longer:",
        copy: [
          `${systemctl} edit ${subject.service}`,
          "  [Service]",
          "  Environment=SOCKACT_IDLE_TIMEOUT=5min",
          `${systemctl} restart ${subject.service}`,
        ],
      },
    ];
  },
};
