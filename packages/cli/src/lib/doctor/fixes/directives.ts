import { statSync } from "node:fs";
import { join } from "node:path";
import type { ServiceProcess } from "../facts/processes.ts";

/** The lines by which systemd starts a process itself; by default it does so in `/`. systemd.service(5): the program's path is absolute, and the rest is quoted where it has to be. */
export function directivesFor({
  program,
  words,
  folder,
}: Pick<ServiceProcess, "program" | "words" | "folder">): string[] {
  const command = [program, ...withWholePath(words.slice(1), folder)].map(quote).join(" ");
  return [
    "[Service]",
    `ExecStart=${command}`,
    ...(["", "/"].includes(folder) ? [] : [`WorkingDirectory=${folder.replaceAll("%", "%%")}`]),
  ];
}

/** The arguments, with the whole path of the app where it was started by a path from its folder. */
function withWholePath(words: readonly string[], folder: string): string[] {
  const at = words.findIndex((word) => !word.startsWith("-"));
  return words.map((word, index) => {
    const path = join(folder, word);
    const isApp = index === at && !word.startsWith("/") && folder !== "";
    return isApp && statSync(path, { throwIfNoEntry: false })?.isFile() === true ? path : word;
  });
}

function quote(word: string, index: number): string {
  // The path of the program itself is not subject to $VARIABLES.
  const escaped = (index === 0 ? word : word.replaceAll("$", "$$$$")).replaceAll("%", "%%");
  return /^[^\s"'\\;]+$/.test(escaped)
    ? escaped
    : `"${escaped.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
