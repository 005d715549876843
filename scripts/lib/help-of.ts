import { readFileSync } from "node:fs";

/** The first comment of a script, which is its help. */
export function helpOf(script: string): string {
  const lines = readFileSync(new URL(script), "utf8").split("\n");
  return lines
    .slice(
      0,
      lines.findIndex((line) => !line.startsWith("//")),
    )
    .map((line) => line.replace(/^\/\/ ?/, ""))
    .join("\n");
}
