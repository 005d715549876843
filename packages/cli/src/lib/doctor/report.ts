import { colourOut } from "../output/print.ts";
import { textWidth, wrap } from "../output/wrap.ts";
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
        ...unseen.map(({ what, how }) => `${wrap(what, { indent: "  " })}\n    ${how}`),
      ].join("\n"),
    );
  return `${[...parts, summary(services)].join("\n\n")}\n`;
}

function findingText({ severity, code, unit, message, evidence, why, fix, copy }: Finding): string {
  const style = styles[severity];
  return [
    `${colourOut(style, `${marks[severity]} ${code}`)}  ${colourOut("dim", unit)}`,
    wrap(message, { indent: "  " }),
    ...evidence.flatMap(({ text, source }, index) => [
      ...fold(text).map((line) => `  ${colourOut("dim", "│")} ${line}`),
      // Lines from one source stand together.
      ...(source === evidence[index + 1]?.source ? [] : [`  ${colourOut("dim", `└ ${source}`)}`]),
    ]),
    wrap(why, { indent: "  " }),
    wrap(fix, { indent: "       " }).replace("       ", `  ${colourOut("bold", "Fix:")} `),
    ...copy.map((line) => `    ${colourOut("cyan", line)}`),
  ].join("\n");
}

function summary(services: readonly Examined[]): string {
  const findings = services.flatMap((each) => each.findings);
  const number = (severity: Severity): number => findings.filter((each) => each.severity === severity).length;
  const text = `${count(services.length, "service")}: ${count(number("error"), "error")}, ${count(number("warning"), "warning")}`;
  const first = findings.find(({ severity }) => severity === "error") ?? findings[0];
  return first === undefined ? text : `${text}\nsockact explain ${first.code} says more.`;
}

/** Breaks the lines of a journal, so that the rest of a line stands below its beginning. They keep their indentation. */
function fold(text: string): string[] {
  const width = textWidth() - 4;
  // A word that is too long is broken too.
  const piece = new RegExp(`.{1,${width}}(?: |$)|.{1,${width}}`, "gu");
  return text.split("\n").flatMap((line) => line.match(piece) ?? [""]);
}
