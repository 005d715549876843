/**
 * Directives of systemd.exec(5) that hide folders from the program, and directives that make folders visible
 * again.
 */
const takenAway: Readonly<Record<string, { back: readonly string[]; what: string }>> = {
  TemporaryFileSystem: { back: ["BindPaths", "BindReadOnlyPaths"], what: "would not be found" },
  // systemd ignores mounts in an inaccessible folder.
  InaccessiblePaths: { back: [], what: "could not be read" },
  NoExecPaths: { back: ["ExecPaths"], what: "could not be executed" },
};

/** The path on a system on which /bin and /lib are links into /usr. */
const inUsr = (path: string): string => path.replace(/^\/(?=s?bin(?:\/|$)|lib)/, "/usr/");

/** The paths inside the service that a value names. */
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
  /** The directives that make a folder visible again. */
  back: readonly string[];
}

/** A file that every distribution's program needs: the loader of its shared libraries. */
const library = "/usr/lib/ld-linux.so";

/** Whether a unit makes some libraries visible. Which ones a program needs depends on the machine. */
const showsLibraries = (lines: readonly { key: string; value: string }[]): boolean =>
  lines.some(
    ({ key, value }) =>
      key === "ExecPaths" && pathsIn(key, value).some((path) => path.startsWith("/usr/lib")),
  );

/** For each directive, the first file that it hides: a program, a file that Node reads, or a library. */
export function hiddenFiles<Assignment extends { key: string; value: string }>(
  programs: readonly string[],
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
    // Node reads a script and does not execute it.
    const files = key === "NoExecPaths" ? programs : [...programs, ...read];
    const shared =
      key === "NoExecPaths" &&
      programs.some((program) => inUsr(program).startsWith("/usr/bin/")) &&
      !showsLibraries(lines)
        ? [library]
        : [];
    return [...files, ...shared]
      .filter((file) => file !== undefined && file.startsWith("/") && covering(back, file).length === 0)
      .flatMap((file) => covering([key], file!).map((line) => ({ line, file: file!, what, back })))
      .slice(0, 1);
  });
}
