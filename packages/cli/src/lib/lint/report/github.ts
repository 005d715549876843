import { print } from "../../output/print.ts";
import type { Report } from "./report.ts";

const commands = { error: "error", warning: "warning", info: "notice" } as const;

const escaped = (text: string): string =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const escapedProperty = (text: string): string => escaped(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

/** Prints workflow commands, which GitHub Actions shows as annotations. */
export function printGitHub({ findings, unread }: Report): void {
  const lines = findings.map(({ file, line, severity, code, message, why, fix }) => {
    const properties = { file, ...(line > 0 && { line: String(line) }), title: code };
    const list = Object.entries(properties).map(([name, value]) => `${name}=${escapedProperty(value)}`);
    const text = [message, why, fix && `Fix: ${fix}`].filter((part) => part !== "").join("\n");
    return `::${commands[severity]} ${list.join(",")}::${escaped(text)}\n`;
  });
  const failures = unread.map(
    ({ file, message }) => `::error file=${escapedProperty(file)}::${escaped(message)}\n`,
  );
  print([...lines, ...failures].join(""));
}
