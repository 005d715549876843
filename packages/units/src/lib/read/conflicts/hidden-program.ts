import type { Line } from "../../write/lines.ts";
import { isSpecifier, sampleText, type Text } from "../../systemd/specifiers.ts";
import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { behindEnv, nodeCommand } from "../../node/command-line.ts";
import { isNode } from "../../node/runtime.ts";

/** Directives of systemd.exec(5) that hide folders from the program, and directives that show folders again. */
const takenAway: Readonly<Record<string, { back: readonly string[]; what: string }>> = {
  TemporaryFileSystem: { back: ["BindPaths", "BindReadOnlyPaths"], what: "would not be found" },
  // systemd ignores what is mounted in a folder that is inaccessible.
  InaccessiblePaths: { back: [], what: "could not be read" },
  NoExecPaths: { back: ["ExecPaths"], what: "could not be run" },
};

/** The paths in the program's mount namespace that a value names. */
function pathsIn(key: string, value: string): string[] {
  return value
    .split(/\s+/)
    .map((word) => {
      const [source = "", target = source] = word.replace(/^["']?[-+]*|["']$/g, "").split(":");
      return key.startsWith("Bind") ? target : source;
    })
    .filter((path) => path.startsWith("/"))
    .map((path) => path.replace(/\/+$/, ""));
}

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
  const covering = (keys: readonly string[], file: string) =>
    lines.filter(
      ({ key, value }) =>
        keys.includes(key) &&
        pathsIn(key, value).some((folder) => file === folder || file.startsWith(`${folder}/`)),
    );
  for (const [key, { back, what }] of Object.entries(takenAway)) {
    // Node reads a script; it does not execute it.
    const read = [preload === undefined ? undefined : sampleText(preload), script];
    const files = key === "NoExecPaths" ? [words[0]] : [words[0], ...read];
    const hidden = files.find(
      (file) =>
        file !== undefined &&
        file.startsWith("/") &&
        covering([key], file).length > 0 &&
        covering(back, file).length === 0,
    );
    if (hidden === undefined) continue;
    const folder = hidden.replace(/\/[^/]*$/, "") || "/";
    const giveBack =
      back.length === 0 ? "" : `, or also write ${back.at(-1)}: '${folder}', which shows it again`;
    conflictsIn(problems)(
      `${path}.${key}`,
      `${shown(hidden)} ${what}`,
      `remove its folder from the value${giveBack}`,
    );
  }
}
