import process from "node:process";
import { colourOut } from "../output/print.ts";
import type { Style } from "../shared/colour.ts";
import { count } from "../shared/messages.ts";
import type { Finding, Severity } from "./model/diagnosis.ts";
import type { Unseen } from "./model/host.ts";

/** What the doctor has seen of one service. */
export interface Examined {
  service: string;
  sockets: readonly string[];
  findings: readonly Finding[];
}

/** All that the doctor has seen. This is what `--json` prints. */
export interface Report {
  services: readonly Examined[];
  /** What could not be looked at, and how to see it. */
  unseen: readonly Unseen[];
}

const marks: Record<Severity, string> = { error: "✖", warning: "▲", info: "●" };
const styles: Record<Severity, Style> = { error: "red", warning: "yellow", info: "blue" };

/** The report as people read it. */
export function reportText({ services, unseen }: Report): string {
  const parts = services.map(({ service, sockets, findings }) => {
    const heading = `${colourOut("bold", service)}${sockets.length > 0 ? ` with ${sockets.join(", ")}` : ""}`;
    const text =
      findings.length === 0
        ? `${colourOut("green", "✔")} nothing found`
        : findings.map(findingText).join("\n\n");
    return `${heading}\n\n${text}`;
  });
  if (unseen.length > 0)
    parts.push(
      [
        "What could not be looked at:",
        ...unseen.map(({ what, how }) => `${wrap(what, "  ")}\n    ${how}`),
      ].join("\n"),
    );
  return `${[...parts, summary(services)].join("\n\n")}\n`;
}

function findingText({ severity, code, unit, message, evidence, why, fix, copy }: Finding): string {
  const style = styles[severity];
  return [
    `${colourOut(style, `${marks[severity]} ${code}`)}  ${colourOut("dim", unit)}`,
    wrap(message, "  "),
    ...evidence.flatMap(({ text, source }) => [
      ...text.split("\n").map((line) => `  ${colourOut("dim", "│")} ${line}`),
      `  ${colourOut("dim", `└ ${source}`)}`,
    ]),
    wrap(why, "  "),
    wrap(fix, `  ${colourOut("bold", "Fix:")} `, "       "),
    ...copy.map((line) => `    ${colourOut("cyan", line)}`),
  ].join("\n");
}

function summary(services: readonly Examined[]): string {
  const findings = services.flatMap((each) => each.findings);
  const number = (severity: Severity): number => findings.filter((each) => each.severity === severity).length;
  const text = `${count(services.length, "service")}: ${count(number("error"), "error")}, ${count(number("warning"), "warning")}`;
  const [first] = findings;
  return first === undefined ? text : `${text}. More about a code: sockact explain ${first.code}`;
}

/** Breaks a text into lines that the terminal has room for. */
function wrap(text: string, indent: string, nextIndent = indent): string {
  const width = Math.min(process.stdout.columns ?? 80, 100) - nextIndent.length;
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + word.length >= width) {
        lines.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.map((line, index) => `${index === 0 ? indent : nextIndent}${line}`).join("\n");
}
