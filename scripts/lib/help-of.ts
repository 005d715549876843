import { readFileSync } from "node:fs";

/** The comment at the beginning of a script, which is its help. */
export function helpOf(script: string | URL): string {
  const lines = readFileSync(new URL(script), "utf8").split("\n");
  const end = lines.findIndex((line) => !line.startsWith("//"));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^\/\/ ?/, ""))
    .join("\n");
}
