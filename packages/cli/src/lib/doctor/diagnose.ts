import { CliError } from "../shared/cli-error.ts";
import { shellWord } from "../shared/shell-words.ts";
import type { Diagnosis, Finding } from "./model/diagnosis.ts";
import { environment } from "./facts/files.ts";
import { lintFindings } from "./lint.ts";
import { type Redactor, redactor } from "./redact.ts";
import type { Subject } from "./model/subject.ts";

const severities = ["error", "warning", "info"] as const;

/**
 * Runs all diagnoses at once. Returns the findings, errors first, without those that another one explains.
 */
export async function diagnose(subject: Subject, diagnoses: readonly Diagnosis[]): Promise<Finding[]> {
  const [found, linted, redact] = await Promise.all([
    Promise.all(diagnoses.map((diagnosis) => findWith(diagnosis, subject))),
    lintFindings(subject),
    subject.get(environment).then((variables) => redactor(variables, subject.units)),
  ]);
  const findings = [...found.flat(), ...linted];
  const lastResorts = diagnoses.filter(({ isLastResort }) => isLastResort).map(({ code }) => code);
  const hasReason = findings.some(
    ({ code, severity }) => severity === "error" && !lastResorts.includes(code),
  );
  const codes = new Set(findings.map(({ code }) => code));
  const explained = new Set<string>();
  // If two explain each other, the first one is the cause.
  for (const { code, explains = [] } of diagnoses)
    if (codes.has(code) && !explained.has(code)) for (const other of explains) explained.add(other);
  return findings
    .filter(({ code }) => !explained.has(code) && !(hasReason && lastResorts.includes(code)))
    .map((finding) => redacted(forShell(finding, subject.units), redact))
    .toSorted((one, other) => severities.indexOf(one.severity) - severities.indexOf(other.severity));
}

async function findWith(diagnosis: Diagnosis, subject: Subject): Promise<Finding[]> {
  const { code, severity, title, why } = diagnosis;
  try {
    return [await diagnosis.find(subject)]
      .flat()
      .map(({ unit = subject.service, evidence = [], copy = [], ...found }) => {
        return { code, severity, title, why, ...found, copy, unit, evidence };
      });
  } catch (error) {
    // If one diagnosis can't query systemd, the others still run.
    if (!(error instanceof CliError)) throw error;
    subject.host.cannotSee(`${subject.service}: ${error.message}`, error.hint);
    return [];
  }
}

/** Quotes unit names in commands, where a shell would change them: `shop@\\x2d.service`. */
function forShell(finding: Finding, units: readonly string[]): Finding {
  const special = units.filter((unit) => shellWord(unit) !== unit);
  if (special.length === 0) return finding;
  const copy = finding.copy.map((line) =>
    line.startsWith(" ")
      ? line
      : special.reduce((rest, unit) => rest.replaceAll(unit, shellWord(unit)), line),
  );
  return { ...finding, copy };
}

function redacted(finding: Finding, { own, quoted }: Redactor): Finding {
  return {
    ...finding,
    title: own(finding.title),
    message: own(finding.message),
    evidence: finding.evidence.map(({ text, source }) => ({
      text: source.startsWith("systemctl ") ? own(text) : quoted(text),
      source: own(source),
    })),
    fix: own(finding.fix),
    copy: finding.copy.map(own),
  };
}
