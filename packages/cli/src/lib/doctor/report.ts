import { colourOut } from "../output/print.ts";
import { textWidth, wrap } from "../output/wrap.ts";
import type { Style } from "../shared/colour.ts";
import { count } from "../shared/messages.ts";
import type { Finding, Severity } from "./model/diagnosis.ts";
import type { Unseen } from "./model/subject.ts";
import { ownCommand, userOption } from "../shared/own-command.ts";

/** The doctor's findings for one service. */
export interface Examined {
  service: string;
  sockets: readonly string[];
  findings: readonly Finding[];
}

/** All results, as in `--json`. */
export interface Report {
  services: readonly Examined[];
  /** What could not be read, and how to see it. */
  unseen: readonly Unseen[];
}

const marks: Record<Severity, string> = { error: "✖", warning: "▲", info: "●" };
const styles: Record<Severity, Style> = { error: "red", warning: "yellow", info: "blue" };

/** The report as text. `user`: whether a user's service manager runs the units. */
export function reportText({ services, unseen }: Report, user = false): string {
  const parts = services.map(({ service, sockets, findings }) => {
    const heading = `${colourOut("bold", service)}${sockets.length > 0 ? ` with ${sockets.join(", ")}` : ""}`;
    const text =
      findings.length === 0
        ? `${colourOut("green", "✔")} nothing found`
        : [...findings.filter((each) => !isHint(each)).map(findingText), ...hintsText(findings, user)].join(
            "\n\n",
          );
    return `${heading}\n\n${text}`;
  });
  if (unseen.length > 0)
    parts.push(
      ["Not examined:", ...unseen.map(({ what, how }) => `${wrap(what, { indent: "  " })}\n    ${how}`)].join(
        "\n",
      ),
    );
  return `${[...parts, summary(services)].join("\n\n")}\n`;
}

/** Whether this is a warning of the linter, which has caused no problem so far. */
const isHint = ({ isLint, severity }: Finding): boolean => isLint === true && severity === "info";

/** The linter's hints on one line: they are not the reason why a service does not answer. */
function hintsText(findings: readonly Finding[], user: boolean): string[] {
  const hints = findings.filter(isHint);
  if (hints.length === 0) return [];
  const codes = [...new Set(hints.map(({ code }) => code))];
  const files = hints.flatMap(({ evidence }) => evidence.map(({ source }) => source.replace(/:\d+$/, "")));
  return [
    [
      colourOut(styles.info, `${marks.info} ${count(hints.length, "hint")} of the linter`),
      wrap(`${codes.join(", ")}. To read them:`, { indent: "  " }),
      `    ${colourOut("cyan", ownCommand("lint", ...userOption(user), ...new Set(files)))}`,
    ].join("\n"),
  ];
}

function findingText({ severity, code, unit, message, evidence, why, fix, copy }: Finding): string {
  const style = styles[severity];
  return [
    `${colourOut(style, `${marks[severity]} ${code}`)}  ${colourOut("dim", unit)}`,
    wrap(message, { indent: "  " }),
    ...evidence.flatMap(({ text, source }, index) => [
      ...fold(text).map((line) => `  ${colourOut("dim", "│")} ${line}`),
      // Lines from one source are grouped.
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
  return first === undefined ? text : `${text}\nMore: ${ownCommand("explain", first.code)}`;
}

/** Wraps journal lines and keeps their indentation. */
function fold(text: string): string[] {
  const width = textWidth() - 4;
  // Words that are too long are split.
  const piece = new RegExp(`.{1,${width}}(?: |$)|.{1,${width}}`, "gu");
  return text.split("\n").flatMap((line) => line.match(piece) ?? [""]);
}
