import type { Subject } from "./subject.ts";

/** How to add lines to a unit with a drop-in: the command, and what to write in the editor. */
export function editUnit({ systemctl }: Subject, unit: string, lines: readonly string[]): string[] {
  return [`${systemctl} edit ${unit} # and write:`, ...lines.map((line) => `  ${line}`)];
}

/** How to add lines to the unit's main section, and apply them. */
export function addLines(subject: Subject, unit: string, ...lines: readonly string[]): string[] {
  const section = unit.endsWith(".socket") ? "[Socket]" : "[Service]";
  return [...editUnit(subject, unit, [section, ...lines]), `${subject.systemctl} restart ${unit}`];
}

/**
 * A path in a directive with a list of paths. It may come from the output of an app, and a space in it must
 * not begin another path.
 */
export const listedPath = (path: string): string =>
  /^[\w@+=,./-]+$/.test(path)
    ? path
    : `"${path.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll("%", "%%")}"`;

/** The command that shows the journal of a unit, by default that of the service. */
export function readJournal({ host, service }: Subject, unit = service): string {
  return `journalctl ${host.manager.user ? "--user-unit" : "--unit"} ${unit} --lines 50`;
}
