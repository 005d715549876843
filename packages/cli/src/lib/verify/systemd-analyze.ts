import { basename, resolve } from "node:path";
import type { ReportedFinding } from "../lint/report/report.ts";
import { EXPOSURE, OFFLINE_UNKNOWN, VERIFY_FAILED } from "../printed/systemd-analyze.ts";
import { systemdAnalyze } from "../systemd/analyze.ts";

/** A message of `systemd-analyze verify` about a unit. */
export type Complaint = Pick<ReportedFinding, "file" | "line" | "severity" | "message">;

/** The start of a message: a line of a file, or a unit. */
const about = /^(?:(\/[^\n]*?):(\d+)|([^\s/:]+\.(?:service|socket))): (.*)$/s;

/** systemd reads a template as an instance. */
const templateOf = (unit: string): string => unit.replace(/@[^@]*(?=\.)/, "@");

/** Parses systemd-analyze's messages about these files, without those about other units of the machine. */
function complaintsIn(printed: string, files: readonly string[]): Complaint[] {
  const byPath = new Map(files.map((file) => [resolve(file), file]));
  const byName = new Map(
    files.filter((file) => !file.endsWith(".conf")).map((file) => [basename(file), file]),
  );
  const found = new Map<string, Complaint>();
  for (const line of printed.split("\n")) {
    const [, path, number, unit, message] = about.exec(line) ?? [];
    if (message === undefined) continue;
    const file = path === undefined ? (byName.get(unit!) ?? byName.get(templateOf(unit!))) : byPath.get(path);
    if (file === undefined) continue;
    const severity = /\bignoring\b|\bignored\b|obsolete|deprecated|should/i.test(message)
      ? "warning"
      : "error";
    found.set(line, { file, line: Number(number ?? 0), severity, message });
  }
  return [...found.values()];
}

/**
 * Lets systemd read related unit files with their drop-ins.
 *
 * @param files the units and their drop-ins
 * @returns a string is the reason why systemd could not read them
 */
export async function verifyUnits(files: readonly string[], isUser: boolean): Promise<Complaint[] | string> {
  const units = files.filter((file) => /\.(?:service|socket)$/.test(file)).map((file) => resolve(file));
  if (units.length === 0) return [];
  // Its exit status does not help: it is 0 for a directive that systemd ignores.
  const ended = await systemdAnalyze({ user: isUser }, "verify", "--man=no", "--", ...units);
  if (ended === undefined) return "systemd-analyze is missing, so systemd has not read the units";
  const failure = VERIFY_FAILED.exec(ended.stderr);
  if (failure !== null) return `systemd-analyze verify does not run here: ${failure[0]}`;
  return complaintsIn(ended.stderr, files);
}

/** The result of `systemd-analyze security` for a service. */
export interface Exposure {
  readonly file: string;
  /** From 0 to 10. Lower is better. */
  readonly score: number;
  /** `SAFE`, `OK`, `MEDIUM`, `EXPOSED`, `UNSAFE` or `DANGEROUS`. */
  readonly rating: string;
}

/**
 * Rates the sandbox of a service unit.
 *
 * @returns a string is the reason why the score is missing
 */
export async function exposureOf(
  file: string,
  { isUser, policy }: { isUser: boolean; policy: string | undefined },
): Promise<Exposure | string> {
  const options = [
    "--offline=yes",
    "--no-pager",
    ...(policy === undefined ? [] : [`--security-policy=${policy}`]),
  ];
  const ended = await systemdAnalyze({ user: isUser }, "security", ...options, "--", resolve(file));
  if (ended === undefined) return "systemd-analyze is missing, so the sandbox was not rated";
  if (OFFLINE_UNKNOWN.test(ended.stderr))
    return "the sandbox was not rated: systemd-analyze security reads files since systemd 250";
  const [[, , score, rating] = []] = [...ended.stdout.matchAll(EXPOSURE)];
  if (score === undefined || rating === undefined) {
    const why = ended.stderr.trim().split("\n").at(-1) || `exit status ${ended.code}`;
    return `the sandbox of ${basename(file)} was not rated: ${why}`;
  }
  return { file, score: Number(score), rating };
}
