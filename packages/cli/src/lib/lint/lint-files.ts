import { dirname } from "node:path";
import { fixUnits, lintUnits, type Finding } from "@sockact/units";
import type { UnitFileText } from "./unit-files.ts";

/** File contents by path. */
export type Texts = Readonly<Record<string, string>>;

export interface LintFilesOptions {
  /** Whether the units are for a user's own manager. */
  user: boolean;
  /** Codes of findings to ignore. */
  ignore: ReadonlySet<string>;
}

/**
 * The unit folders of a machine form one group: /etc/systemd/system, /usr/lib/systemd/system and the others.
 */
const unitFolder = /(?:\/?(?:etc|run|(?:usr\/(?:local\/)?)?(?:lib|share)))\/systemd\/(system|user)$/;

/**
 * Files with the same key belong together. Files of the same name with different keys are different units,
 * for example for production and for a test.
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

/** The codes that comments of a file ignore: `# sockact-ignore: crash-spins user-root`. */
function ignoredIn(text: string): ReadonlySet<string> {
  const lists = Array.from(
    text.matchAll(/^[ \t]*[#;][ \t]*sockact-ignore:(.*)/gm),
    ([, codes = ""]) => codes,
  );
  return new Set(lists.flatMap((codes) => codes.split(/[\s,]+/)).filter((code) => code !== ""));
}

/** The findings of one group, without ignored ones. */
export function findingsIn(texts: Texts, { user, ignore }: LintFilesOptions): readonly Finding[] {
  const ignored = new Map(Object.entries(texts).map(([path, text]) => [path, ignoredIn(text)]));
  return lintUnits(texts, { user: user || undefined }).filter(
    ({ file, code }) => !ignore.has(code) && !ignored.get(file)?.has(code),
  );
}

/** A finding that appears only after others are fixed needs another round. */
const rounds = 10;

/** Applies the fixes in files that may be changed. Returns the contents of the whole group. */
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
