import type { Severity } from "@sockact/units";
import { findingsOf, readIgnoredCodes, warnOfUnread } from "../lint/lint.ts";
import { groupsOf } from "../lint/lint-files.ts";
import { printReport, type Format } from "../lint/report/print-report.ts";
import { isAtLeast, type ReportedFinding } from "../lint/report/report.ts";
import { colourOut, print } from "../output/print.ts";
import { EXIT } from "../shared/cli-error.ts";
import { warn } from "../shared/messages.ts";
import { type Complaint, type Exposure, exposureOf, verifyUnits } from "./systemd-analyze.ts";
import { unitsToVerify, type UnitsToVerify } from "./units-to-verify.ts";

/** The options of `sockact verify`. */
export interface VerifyOptions {
  config?: string;
  threshold?: number;
  securityPolicy?: string;
  format: Format;
  json?: boolean;
  severity: Severity;
  ignore?: string[];
  user?: boolean;
}

/** The messages of systemd. */
interface SystemdReport {
  complaints: Complaint[];
  exposures: Exposure[];
  /** The checks that could not run, and why. */
  missing: string[];
}

async function askSystemd(units: UnitsToVerify, policy: string | undefined): Promise<SystemdReport> {
  const { isUser } = units;
  const asked = units.files.filter(({ isAsked }) => isAsked).map(({ path }) => path);
  const result: SystemdReport = { complaints: [], exposures: [], missing: [] };
  for (const texts of groupsOf(units.files)) {
    const files = Object.keys(texts).filter((path) => asked.includes(path));
    const complaints = await verifyUnits(files, isUser);
    if (typeof complaints === "string") result.missing.push(complaints);
    else result.complaints.push(...complaints);
    for (const file of files.filter((path) => path.endsWith(".service"))) {
      const exposure = await exposureOf(file, { isUser, policy });
      if (typeof exposure === "string") result.missing.push(exposure);
      else result.exposures.push(exposure);
    }
  }
  result.missing = [...new Set(result.missing)];
  return result;
}

const analyze = "https://www.freedesktop.org/software/systemd/man/latest/systemd-analyze.html";

/** systemd's messages about lines without a finding of the linter. */
function furtherComplaints(
  complaints: readonly Complaint[],
  found: readonly ReportedFinding[],
  { files }: UnitsToVerify,
): ReportedFinding[] {
  const known = new Set(found.map(({ file, line }) => `${file}:${line}`));
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  return complaints
    .filter(({ file, line }) => line === 0 || !known.has(`${file}:${line}`))
    .map((complaint) => ({
      ...complaint,
      code: "systemd-verify",
      why: "systemd-analyze verify reports this.",
      fix: "",
      url: `${analyze}#systemd-analyze%20verify%20FILE...`,
      fixable: false,
      source: texts.get(complaint.file)?.split("\n")[complaint.line - 1]?.trim() ?? "",
    }));
}

function tooExposed(exposures: readonly Exposure[], threshold: number): ReportedFinding[] {
  return exposures
    .filter(({ score }) => score > threshold)
    .map(({ file, score, rating }) => ({
      file,
      line: 0,
      severity: "error",
      code: "systemd-security",
      message: `the exposure of the service is ${score} ${rating}, and --threshold is ${threshold}`,
      why: "An attacker who breaks into the service can do more than the service needs.",
      fix: `systemd-analyze security --offline=yes ${file} lists what a stricter sandbox could forbid`,
      url: `${analyze}#systemd-analyze%20security%20%5BUNIT...%5D`,
      fixable: false,
      source: "",
    }));
}

/** `sockact verify`: returns the exit code. */
export async function verify(targets: readonly string[], options: VerifyOptions): Promise<number> {
  const ignore = readIgnoredCodes(options.ignore ?? [], ["systemd-verify", "systemd-security"]);
  const units = await unitsToVerify(targets, { config: options.config, user: options.user });
  try {
    const said = await askSystemd(units, options.securityPolicy);
    const linted = findingsOf(units, { user: units.isUser, ignore });
    const findings = [
      ...linted,
      ...furtherComplaints(said.complaints, linted, units),
      ...(options.threshold === undefined ? [] : tooExposed(said.exposures, options.threshold)),
    ]
      .filter(({ code }) => !ignore.has(code))
      .map((finding) => ({ ...finding, file: units.shown(finding.file) }));
    const exposures = said.exposures.map((exposure) => ({ ...exposure, file: units.shown(exposure.file) }));

    warnOfUnread(units.unread);
    for (const missing of said.missing) warn(missing);
    const files = units.files.filter(({ isAsked }) => isAsked).length;
    const format = options.json ? "json" : options.format;
    if (format === "human") printExposures(exposures, units.source);
    const { unread } = units;
    printReport({ files, findings, unread, fixed: [], exposures, missing: said.missing }, format);
    const isFound = findings.some(({ severity }) => isAtLeast(severity, options.severity));
    return isFound || units.unread.length > 0 ? EXIT.failed : 0;
  } finally {
    await units.remove();
  }
}

function printExposures(exposures: readonly Exposure[], source: string | undefined): void {
  if (source !== undefined) print(`${colourOut("dim", `The units that ${source} describes:`)}\n`);
  for (const { file, score, rating } of exposures)
    print(`${file}: exposure ${score} of 10, ${rating} ${colourOut("dim", "(systemd-analyze security)")}\n`);
  if (exposures.length > 0) print("\n");
}
