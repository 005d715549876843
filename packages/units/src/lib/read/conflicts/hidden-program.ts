import { hiddenFiles } from "../../systemd/hidden-files.ts";
import type { Line } from "../../write/lines.ts";
import { isSpecifier, sampleText, type Text } from "../../systemd/specifiers.ts";
import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { behindEnv, nodeCommand } from "../../node/command-line.ts";
import { isNode } from "../../node/runtime.ts";

/** Reports raw directives that hide the program, its preload, or the script that it runs. */
export function refuseHiddenProgram(
  exec: unknown,
  preload: Text | undefined,
  lines: readonly Line[],
  path: string,
  problems: UnitProblem[],
): void {
  if (!Array.isArray(exec)) return;
  const words = exec.map((word) => (typeof word === "string" || isSpecifier(word) ? sampleText(word) : ""));
  const script = isNode(exec) ? nodeCommand(behindEnv(words)).script : undefined;
  const read = [preload === undefined ? undefined : sampleText(preload), script];
  for (const { line, file, what, back } of hiddenFiles(words[0], read, lines)) {
    const folder = file.replace(/\/[^/]*$/, "") || "/";
    const giveBack =
      back.length === 0 ? "" : `, or also write ${back.at(-1)}: '${folder}', which shows it again`;
    conflictsIn(problems)(
      `${path}.${line.key}`,
      `${shown(file)} ${what}`,
      `remove its folder from the value${giveBack}`,
    );
  }
}
