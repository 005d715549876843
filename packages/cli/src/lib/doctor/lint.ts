import { lintUnits } from "@sockact/units";
import { basename, dirname } from "node:path";
import type { Finding } from "./model/diagnosis.ts";
import { type UnitFile, unitFiles } from "./facts/unit-files.ts";
import type { Subject } from "./model/subject.ts";

/** What the linter says of the units, as they are installed. */
export async function lintFindings(subject: Subject): Promise<Finding[]> {
  const files = await subject.get(unitFiles);
  const byName = new Map(files.map((file) => [nameOf(file), file]));
  const texts = Object.fromEntries(Array.from(byName, ([name, { text }]) => [name, text]));
  return lintUnits(texts, { user: subject.host.manager.user }).flatMap((finding) => {
    const { severity, code, message, why, fix } = finding;
    const file = byName.get(finding.file);
    if (severity === "info" || file === undefined) return [];
    const line = file.text.split("\n")[finding.line - 1]?.trim() ?? "";
    return {
      code,
      severity,
      unit: basename(file.path.endsWith(".conf") ? dirname(file.path).replace(/\.d$/, "") : file.path),
      title: message,
      message,
      evidence: [{ text: line, source: `${file.path}:${finding.line}` }],
      why,
      fix,
      copy: [],
    };
  });
}

/** `shop.service`, or `shop.service.d/10-port.conf` for a drop-in. */
function nameOf({ path }: UnitFile): string {
  return path.endsWith(".conf") ? `${basename(dirname(path))}/${basename(path)}` : basename(path);
}
