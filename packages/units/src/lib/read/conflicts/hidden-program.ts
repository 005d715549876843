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

/** A path as it is on a system on which /bin and /lib are links into /usr. */
const inUsr = (path: string): string => path.replace(/^\/(?=s?bin(?:\/|$)|lib)/, "/usr/");

/** The paths in the program's mount namespace that a value names. */
function pathsIn(key: string, value: string): string[] {
  return value
    .split(/\s+/)
    .map((word) => {
      const [source = "", target = source] = word.replace(/^["']?[-+]*|["']$/g, "").split(":");
      return key.startsWith("Bind") ? target : source;
    })
    .filter((path) => path.startsWith("/"))
    .map((path) => inUsr(path.replace(/\/+$/, "")));
}

/** The directives that other directives of this kind need. */
export const hidingDirectives: readonly string[] = Object.entries(takenAway).flatMap(([key, { back }]) => [
  key,
  ...back,
]);

/** A file that the program needs, and the line that hides it. */
interface HiddenFile<Assignment> {
  line: Assignment;
  file: string;
  what: string;
  /** The directives that show a folder again. */
  back: readonly string[];
}

/** For each directive, the first file that it hides: the program itself, or a file that Node reads. */
export function hiddenFiles<Assignment extends Pick<Line, "key" | "value">>(
  program: string | undefined,
  read: readonly (string | undefined)[],
  lines: readonly Assignment[],
): HiddenFile<Assignment>[] {
  const covering = (keys: readonly string[], file: string) =>
    lines.filter(
      ({ key, value }) =>
        keys.includes(key) &&
        pathsIn(key, value).some((folder) => inUsr(file) === folder || inUsr(file).startsWith(`${folder}/`)),
    );
  return Object.entries(takenAway).flatMap(([key, { back, what }]) => {
    // Node reads a script; it does not execute it.
    const files = key === "NoExecPaths" ? [program] : [program, ...read];
    return files
      .filter((file) => file !== undefined && file.startsWith("/") && covering(back, file).length === 0)
      .flatMap((file) => covering([key], file!).map((line) => ({ line, file: file!, what, back })))
      .slice(0, 1);
  });
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
