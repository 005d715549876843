import { dirname } from "node:path";
import { fixUnits, lintUnits, type Finding } from "@sockact/units";
import type { UnitFileText } from "./unit-files.ts";

/** Texts by their paths. */
export type Texts = Readonly<Record<string, string>>;

export interface LintFilesOptions {
  /** Whether the units are for a user's own manager. */
  user: boolean;
  /** Codes of findings to leave out. */
  ignore: ReadonlySet<string>;
}

/**
 * The folders of one machine's units belong together: /etc/systemd/system, /usr/lib/systemd/system and the
 * others.
 */
const unitFolder = /(?:\/?(?:etc|run|(?:usr\/(?:local\/)?)?(?:lib|share)))\/systemd\/(system|user)$/;

/**
 * Files with the same key belong together. Files with the same names and different keys are different units,
 * such as one for production and one for a test.
 */
function groupOf(path: string): string {
  const folder = dirname(path);
  const unit = folder.endsWith(".d") ? dirname(folder) : folder;
  return unit.replace(unitFolder, "/$1");
}

/** The files of each group, by their paths. */
export function groupsOf(files: readonly UnitFileText[]): Texts[] {
  const groups = new Map<string, Record<string, string>>();
  for (const { path, text } of files) {
    const group = groups.get(groupOf(path)) ?? {};
    groups.set(groupOf(path), group);
    group[path] = text;
  }
  return [...groups.values()];
}

/** The codes that comments of a file leave out: `# sockact-ignore: crash-spins user-root`. */
function ignoredIn(text: string): ReadonlySet<string> {
  const lists = Array.from(
    text.matchAll(/^[ \t]*[#;][ \t]*sockact-ignore:(.*)/gm),
    ([, codes = ""]) => codes,
  );
  return new Set(lists.flatMap((codes) => codes.split(/[\s,]+/)).filter((code) => code !== ""));
}

/** The findings of one group, without those that are to be left out. */
export function findingsIn(texts: Texts, { user, ignore }: LintFilesOptions): readonly Finding[] {
  const ignored = new Map(Object.entries(texts).map(([path, text]) => [path, ignoredIn(text)]));
  return lintUnits(texts, { user: user || undefined }).filter(
    ({ file, code }) => !ignore.has(code) && !ignored.get(file)?.has(code),
  );
}

/** A finding that shows only once others are fixed needs another round. */
const rounds = 10;

/** Makes the changes of the findings in files that may be changed. Returns the texts of the whole group. */
export function fixedTexts(
  texts: Texts,
  isWritable: (path: string) => boolean,
  options: LintFilesOptions,
): Texts {
  let fixed = texts;
  for (let round = 0; round < rounds; round += 1) {
    const fixable = findingsIn(fixed, options).filter(
      ({ file, edits }) => isWritable(file) && edits?.every((edit) => isWritable(edit.file)),
    );
    const next = fixUnits(fixed, fixable);
    if (Object.entries(next).every(([path, text]) => fixed[path] === text)) break;
    fixed = next;
  }
  return fixed;
}
