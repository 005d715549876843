import type { Host } from "./host.ts";

/** What to copy to add lines to a unit. */
export function addLines({ manager }: Host, unit: string, ...lines: readonly string[]): string[] {
  return [
    `${manager.systemctl} edit ${unit}`,
    `[${unit.endsWith(".socket") ? "Socket" : "Service"}]`,
    ...lines,
  ];
}
