import { printable } from "../../shared/clean.ts";
import { colourOut, print } from "../../output/print.ts";
import { textWidth, wrap } from "../../output/wrap.ts";
import type { Style } from "../../shared/colour.ts";
import { count } from "../../shared/messages.ts";
import { countsOf, type Report, type ReportedFinding } from "./report.ts";

const styles: Readonly<Record<ReportedFinding["severity"], Style>> = {
  error: "red",
  warning: "yellow",
  info: "cyan",
};

function shortened(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

function paragraph(label: string, text: string): string {
  const body = wrap(printable(text), { indent: " ".repeat(7) }).trimStart();
  return `  ${colourOut("dim", label.padEnd(5))}${body}\n`;
}

function findingText({ file, line, severity, code, message, why, fix, source }: ReportedFinding): string {
  const place = colourOut("bold", `${printable(file)}${line > 0 ? `:${line}` : ""}`);
  return [
    `${place}  ${colourOut(styles[severity], severity)}  ${code}\n`,
    `${wrap(printable(message), { indent: "  " })}\n`,
    // The section header of a missing directive is not helpful.
    source === "" || source.startsWith("[")
      ? ""
      : `  ${colourOut("dim", `| ${shortened(printable(source), textWidth() - 4)}`)}\n`,
    why === "" ? "" : paragraph("why", why),
    fix === "" ? "" : paragraph("fix", fix),
    "\n",
  ].join("");
}

/** The last line: the number of findings, and how many of them --fix can fix. */
function summary({ files, findings, fixed }: Report): string {
  const counts = countsOf(findings);
  const parts = [
    counts.error > 0 ? colourOut("red", count(counts.error, "error")) : "",
    counts.warning > 0 ? colourOut("yellow", count(counts.warning, "warning")) : "",
    counts.info > 0 ? colourOut("cyan", `${counts.info} info`) : "",
  ].filter((part) => part !== "");
  const found = parts.length === 0 ? colourOut("green", "No findings") : parts.join(", ");
  const fixable = findings.filter((finding) => finding.fixable).length;
  return [
    fixed.length > 0 ? `Changed ${count(fixed.length, "file")}: ${fixed.map(printable).join(", ")}\n` : "",
    `${found} in ${count(files, "file")}.`,
    fixable > 0 ? ` --fix can change ${fixable === findings.length && fixable === 1 ? "it" : fixable}.` : "",
    "\n",
  ].join("");
}

/** Prints text. */
export function printHuman(report: Report): void {
  print(report.findings.map(findingText).join("") + summary(report));
}
