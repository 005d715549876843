// What the tests of `sockact doctor` have in common.
import { bootPrivateSystemd, type PrivateSystemd } from "@sockact/testkit";
import { sockactInside } from "./run.ts";
import type { Finding } from "../src/lib/doctor/model/diagnosis.ts";
import type { Report } from "../src/lib/doctor/report.ts";

export type { Finding };

/** What `sockact doctor --json` has printed, and how it ended. */
export interface Answer extends Report {
  code: number;
  /** All findings, of whatever service. */
  findings: Finding[];
  codes: string[];
  /** The finding with this code. The error says what was found instead. */
  finding(code: string): Finding;
}

/** Boots a systemd with a folder /srv that can be written. */
export async function bootForDoctor(): Promise<PrivateSystemd> {
  const systemd = await bootPrivateSystemd();
  await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv"]);
  return systemd;
}

/** The command line of `sockact doctor` inside. */
export const doctorCommand = (systemd: PrivateSystemd, ...args: string[]): string[] => [
  ...sockactInside(systemd),
  "doctor",
  ...args,
];

/**
 * What the doctor finds in each service, by the name of the service. One question is answered sooner than
 * many.
 */
export async function askAll(systemd: PrivateSystemd): Promise<Map<string, Finding[]>> {
  const { stdout, stderr, code } = await systemd.run(doctorCommand(systemd, "--json"), { timeout: 120_000 });
  if (code > 2 || stdout === "") throw new Error(`sockact doctor ended with ${code}: ${stderr}`);
  const { services } = JSON.parse(stdout) as Report;
  return new Map(
    services.map(({ service, findings }) => [service.replace(/@?\.service$/, ""), [...findings]]),
  );
}

/** Asks the doctor, as root or as a command such as setpriv(1) has it. */
export async function ask(
  systemd: PrivateSystemd,
  unit: string,
  through: string[] = [],
  ...options: string[]
): Promise<Answer> {
  const command = doctorCommand(systemd, unit, "--json", ...options);
  const { stdout, stderr, code } = await systemd.run([...through, ...command], { timeout: 60_000 });
  if (code > 2 || stdout === "") throw new Error(`sockact doctor ended with ${code}: ${stderr}`);
  const report = JSON.parse(stdout) as Report;
  const findings = report.services.flatMap((service) => service.findings);
  return {
    ...report,
    code,
    findings,
    codes: findings.map((finding) => finding.code),
    finding(wanted) {
      const found = findings.find((finding) => finding.code === wanted);
      if (!found) throw new Error(`${wanted} was not found, but:\n${JSON.stringify(report, null, 2)}`);
      return found;
    },
  };
}
