import type { Finding } from "@sockact/units";
import type { UnitText } from "./split.ts";

/** Corrects one line, or returns `undefined` if this finding is not about a typo. */
function corrected(line: string, { code, fix }: Finding): string | undefined {
  switch (code) {
    // `[Service`
    case "file-unreadable":
      return line.replace(/^\s*\[\s*([\w-]*).*$/, "[$1]");
    // `[Sevice]`
    case "section-unknown":
      return /^\[[\w-]+\]$/.exec(fix)?.[0];
    // `ExecStrat=/usr/bin/node`. The value may continue in the next lines.
    case "directive-unknown": {
      const [, key] = /^([A-Z]\w*)=/.exec(fix) ?? [];
      return key === undefined ? undefined : line.replace(/^[^=]*/, key);
    }
    // `ExecStart /usr/bin/node`, or with a colon.
    case "line-ignored":
      return line.replace(/^\s*([A-Z]\w+)(?:\s*:\s*|\s+)(?=\S)/, "$1=");
    // A quote that is not closed, or a percent sign that is not a specifier.
    case "command-refused":
      return line.replaceAll(/["']/g, "").replaceAll(/%+/g, "%%");
    default:
      return undefined;
  }
}

/**
 * The units as they are probably meant: each typo that hides other lines from systemd is corrected. Each line
 * keeps its number. `lines` has the corrected ones, as `placeOf()` names them.
 */
export function withoutTypos(
  files: readonly UnitText[],
  findings: readonly Finding[],
): { files: UnitText[]; lines: ReadonlySet<string> } {
  const lines = new Set<string>();
  const changed = files.map(({ name, text }) => {
    const all = text.split("\n");
    for (const finding of findings) {
      const line = all[finding.line - 1];
      if (finding.file !== name || line === undefined) continue;
      const instead = corrected(line, finding);
      if (instead === undefined || instead === line) continue;
      all[finding.line - 1] = instead;
      lines.add(placeOf(finding));
    }
    return { name, text: all.join("\n") };
  });
  return { files: changed, lines };
}

/** The file and the line of a finding, as one string. */
export const placeOf = ({ file, line }: Finding): string => `${line} ${file}`;
