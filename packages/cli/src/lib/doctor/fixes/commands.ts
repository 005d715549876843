import type { ServiceManager } from "../../systemd/service-manager.ts";
import type { Host } from "../model/host.ts";

/** How to add lines to a unit by a drop-in: the command, and what to write in the editor. */
export function editUnit(systemctl: string, unit: string, lines: readonly string[]): string[] {
  return [`${systemctl} edit ${unit} # and write:`, ...lines.map((line) => `  ${line}`)];
}

/** How to add lines to the unit's main section, and apply them. */
export function addLines({ manager }: Host, unit: string, ...lines: readonly string[]): string[] {
  const section = unit.endsWith(".socket") ? "[Socket]" : "[Service]";
  return [...editUnit(manager.systemctl, unit, [section, ...lines]), `${manager.systemctl} restart ${unit}`];
}

/** How to read the journal of a unit. */
export function readJournal({ user }: ServiceManager, unit: string): string {
  return `journalctl ${user ? "--user-unit" : "--unit"} ${unit} --lines 50`;
}
