import { readJournal } from "../fixes/commands.ts";
import { failureText } from "../facts/failure.ts";
import { serviceProperties, since } from "../facts/properties.ts";
import { unitFiles } from "../facts/unit-files.ts";
import type { Diagnosis } from "../model/diagnosis.ts";

/** The service has failed, and nothing else says why: the journal may be gone, or you may not read it. */
export const serviceFailed: Diagnosis = {
  code: "service-failed",
  severity: "error",
  title: "the service has failed",
  why: "The journal has no line that explains it, or you may not read the journal.",
  looksAt:
    "`Result`, `ExecMainCode`, `ExecMainStatus` and `NRestarts` of the service. The doctor reports this only if it finds no other error.",
  remedy: "Read the journal of the service as root. Correct the error there, and start the service again.",
  isLastResort: true,
  async find(subject) {
    const [service, files] = await Promise.all([subject.get(serviceProperties), subject.get(unitFiles)]);
    const hasFailed =
      service.get("ActiveState") === "failed" || service.get("SubState").startsWith("auto-restart");
    const Result = service.get("Result");
    if (!hasFailed || Result === "success") return [];
    // The unit has changed since.
    const failedAt = Date.now() - since(service.get("StateChangeTimestampMonotonic"));
    if (files.some(({ unit, changed }) => unit === subject.service && changed > failedAt)) return [];
    const [ExecMainCode, ExecMainStatus, NRestarts] = ["ExecMainCode", "ExecMainStatus", "NRestarts"].map(
      (name) => service.get(name),
    ) as [string, string, string];
    const properties = { Result, ExecMainCode, ExecMainStatus, NRestarts };
    const { manager } = subject.host;
    return [
      {
        unit: subject.service,
        message: `${subject.service} has failed. ${failureText(properties)}`.trim(),
        evidence: Object.entries(properties).map(([name, value]) => ({
          text: `${name}=${value}`,
          source: `${manager.systemctl} show ${subject.service}`,
        })),
        fix: "Read its journal to find out why it ended. If the journal has no lines of that time, start the service, and look again.",
        copy: [
          `${manager.user ? "" : "sudo "}${readJournal(manager, subject.service)}`,
          `${manager.systemctl} restart ${subject.service}`,
        ],
      },
    ];
  },
};
