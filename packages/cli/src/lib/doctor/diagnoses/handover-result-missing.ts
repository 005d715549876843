import { handover } from "../facts/handover.ts";
import { serviceProperties } from "../facts/properties.ts";
import { addLines } from "../fixes/commands.ts";
import type { Diagnosis } from "../model/diagnosis.ts";

/** Nothing tells systemd that a handover has failed. */
export const handoverResultMissing: Diagnosis = {
  code: "handover-result-missing",
  severity: "info",
  title: "systemctl reload succeeds even if a handover fails",
  why: "systemd has no message for a failed reload. Only a command in ExecReload= that fails makes systemctl reload fail, so a deploy script does not notice that the old version still serves.",
  looksAt: "`ExecReload=` and `SOCKACT_RELOAD_RESULT=` of a service with `SOCKACT_HANDOVER=yes`.",
  remedy:
    "Write `handover: true` into the config, and install the units again. Or deploy with `sockact reload`, which reads the result from the status.",
  async find(subject) {
    const [{ isConfigured, result }, service] = await Promise.all([
      subject.get(handover),
      subject.get(serviceProperties),
    ]);
    const commands = service.get("ExecReload");
    if (!isConfigured || !service.isLoaded) return [];
    if (result !== "" && commands.includes("SOCKACT_RELOAD_RESULT")) return [];
    const folder = `${subject.service.replace(/\.service$/, "")}-reload`;
    return [
      {
        unit: subject.service,
        message: `If a handover of ${subject.service} fails, systemctl reload succeeds anyway.`,
        evidence: [
          {
            text:
              result === ""
                ? "Environment= has no SOCKACT_RELOAD_RESULT="
                : "ExecReload= does not read the result",
            source: `${subject.host.manager.systemctl} show ${subject.service}`,
          },
        ],
        fix: "Install the units again with handover: true in the config. In a unit of your own, add:",
        copy: addLines(subject.host, subject.service, ...resultLines(folder, subject.host.manager.user)),
      },
    ];
  },
};

/** The process writes the result into a FIFO, and the command reads it. */
function resultLines(folder: string, isUser: boolean): string[] {
  return [
    `RuntimeDirectory=${folder}`,
    `Environment=SOCKACT_RELOAD_RESULT=${isUser ? "%t" : "/run"}/${folder}/result`,
    `ExecReload=/bin/sh -c 'rm -f "$$SOCKACT_RELOAD_RESULT"; mkfifo -m 600 "$$SOCKACT_RELOAD_RESULT" || exit; kill -HUP "$$MAINPID" || exit 0; read -r result <"$$SOCKACT_RELOAD_RESULT"; [ "$$result" = ok ] || { echo "$$result" >&2; exit 1; }'`,
  ];
}
