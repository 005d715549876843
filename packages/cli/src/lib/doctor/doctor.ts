import { print, printJson } from "../output/print.ts";
import { ownCommand, userOption } from "../shared/own-command.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { serves } from "../systemd/unit-state.ts";
import { diagnose } from "./diagnose.ts";
import { diagnoses } from "./diagnoses.ts";
import { serviceUnit } from "./facts/units.ts";
import type { Finding, Severity } from "./model/diagnosis.ts";
import { Host } from "./model/subject.ts";
import { type Examined, type Report, reportText } from "./report.ts";
import { allCases, type Case, caseNamed } from "./subjects.ts";

export interface DoctorOptions {
  json?: boolean | undefined;
  user?: boolean | undefined;
}

/** How many services to examine at the same time. */
const AT_ONCE = 4;

/**
 * Reports why a service, or any service, is not activated, and what to change. Only reads. Resolves to the
 * exit code: 2 for errors, 1 for warnings.
 */
export async function doctor(unit: string | undefined, { json, user }: DoctorOptions): Promise<number> {
  const host = new Host(new ServiceManager({ user }));
  const cases = unit === undefined ? await allCases(host) : [await caseNamed(host, unit)];
  const services: Examined[] = [];
  // Each one runs several programs at once.
  for (let at = 0; at < cases.length; at += AT_ONCE)
    services.push(...(await Promise.all(cases.slice(at, at + AT_ONCE).map(examine))));
  const report: Report = { services, unseen: host.unseen };
  if (json) printJson(report);
  else if (services.length === 0)
    print(
      `No socket on this machine starts a service. To install one: ${ownCommand("install", ...userOption(user === true))}\n`,
    );
  else print(reportText(report, user));
  const has = (severity: Severity): boolean =>
    services.some(({ findings }) => findings.some((finding) => finding.severity === severity));
  return has("error") ? 2 : has("warning") ? 1 : 0;
}

async function examine({ service, sockets, subjects }: Case): Promise<Examined> {
  const states = await Promise.all(subjects.map((subject) => subject.get(serviceUnit)));
  const serving = states.find(({ state }) => serves({ ActiveState: state }));
  const found = await Promise.all(
    subjects.map(async (subject, index) => {
      const findings = await diagnose(subject, diagnoses);
      if (serving === undefined || serves({ ActiveState: states[index]!.state })) return findings;
      return findings.map((finding) => served(finding, subject.service, serving.unit));
    }),
  );
  // Both instances of a pair have the same sockets and file.
  const findings = new Map(found.flat().map((finding) => [JSON.stringify(finding), finding]));
  return { service, sockets, findings: [...findings.values()] };
}

/** A finding about an instance of a pair. While the other instance serves, no client notices an error. */
function served(finding: Finding, instance: string, other: string): Finding {
  if (finding.severity !== "error" || finding.unit !== instance) return finding;
  return { ...finding, severity: "warning", message: `${finding.message} ${other} serves meanwhile.` };
}
