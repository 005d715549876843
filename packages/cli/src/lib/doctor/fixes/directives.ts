import type { ServiceProcess } from "../facts/processes.ts";

/** The lines by which systemd starts a process itself; by default it does so in `/`. systemd.service(5): the program's path is absolute, and the rest is quoted where it has to be. */
export function directivesFor({
  program,
  words,
  folder,
}: Pick<ServiceProcess, "program" | "words" | "folder">): string[] {
  const command = [program, ...words.slice(1)].map(quote).join(" ");
  return [
    "[Service]",
    `ExecStart=${command}`,
    ...(["", "/"].includes(folder) ? [] : [`WorkingDirectory=${folder.replaceAll("%", "%%")}`]),
  ];
}

function quote(word: string, index: number): string {
  // The path of the program itself is not subject to $VARIABLES.
  const escaped = (index === 0 ? word : word.replaceAll("$", "$$$$")).replaceAll("%", "%%");
  return /^[^\s"'\\;]+$/.test(escaped)
    ? escaped
    : `"${escaped.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
