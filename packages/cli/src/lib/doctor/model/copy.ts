import type { Host } from "./host.ts";

/** What to copy to add lines to a unit: commands, and indented what to write into the editor. */
export function addLines({ manager }: Host, unit: string, ...lines: readonly string[]): string[] {
  const section = unit.endsWith(".socket") ? "[Socket]" : "[Service]";
  return [
    `${manager.systemctl} edit ${unit}`,
    ...[section, ...lines].map((line) => `  ${line}`),
    `${manager.systemctl} restart ${unit}`,
  ];
}
