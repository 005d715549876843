import { statSync } from "node:fs";
import { join } from "node:path";
import type { ServiceProcess } from "../facts/processes.ts";

/** The lines that make systemd start a process itself, in its folder. systemd.service(5): the program's path is absolute, and other words are quoted if necessary. */
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

/** The arguments. If the path of the app is relative to its folder, it becomes absolute. */
function withWholePath(words: readonly string[], folder: string): string[] {
  const at = words.findIndex((word) => !word.startsWith("-"));
  return words.map((word, index) => {
    const path = join(folder, word);
    const isApp = index === at && !word.startsWith("/") && folder !== "";
    return isApp && statSync(path, { throwIfNoEntry: false })?.isFile() === true ? path : word;
  });
}

function quote(word: string, index: number): string {
  // systemd does not expand variables in the path of the program.
  const escaped = (index === 0 ? word : word.replaceAll("$", "$$$$")).replaceAll("%", "%%");
  return /^[^\s"'\\;]+$/.test(escaped)
    ? escaped
    : `"${escaped.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
