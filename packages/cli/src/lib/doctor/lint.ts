import { basename, dirname } from "node:path";
import { findingsIn } from "../lint/lint-files.ts";
import type { Finding } from "./model/diagnosis.ts";
import { installation, type UnitFile, unitFiles } from "./facts/files.ts";
import type { Subject } from "./model/subject.ts";

/**
 * The linter's findings for the installed units, without those that the description or a comment
 * acknowledges.
 */
export async function lintFindings(subject: Subject): Promise<Finding[]> {
  const [files, installed] = await subject.all(unitFiles, installation);
  const { acknowledge } = (installed?.description ?? {}) as { acknowledge?: unknown };
  const acknowledged = new Set(Array.isArray(acknowledge) ? acknowledge : []);
  const byName = new Map(files.map((file) => [nameOf(file), file]));
  const texts = Object.fromEntries(Array.from(byName, ([name, { text }]) => [name, text]));
  const options = { user: subject.host.manager.user, ignore: new Set<string>() };
  return findingsIn(texts, options).flatMap((finding): Finding[] => {
    const { severity, code, message, why, fix } = finding;
    const file = byName.get(finding.file);
    if (severity === "info" || file === undefined) return [];
    if (acknowledged.has(code) && !isDropIn(file)) return [];
    const line = file.text.split("\n")[finding.line - 1]?.trim() ?? "";
    const found: Finding = {
      code,
      // The linter warns about problems that have not occurred yet.
      severity: severity === "warning" ? "info" : severity,
      isLint: true,
      unit: basename(isDropIn(file) ? dirname(file.path).replace(/\.d$/, "") : file.path),
      title: message,
      message,
      evidence: [{ text: line, source: `${file.path}:${finding.line}` }],
      why,
      fix,
      copy: [],
    };
    return [found];
  });
}

/** `shop.service`, or `shop.service.d/10-port.conf` for a drop-in. */
function nameOf(file: UnitFile): string {
  const { path } = file;
  return isDropIn(file) ? `${basename(dirname(path))}/${basename(path)}` : basename(path);
}

const isDropIn = ({ path }: UnitFile): boolean => path.endsWith(".conf");
