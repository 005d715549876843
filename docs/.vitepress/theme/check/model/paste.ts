import { freeName, splitUnits, withLineFeeds, type UnitText } from "./split.ts";

/** What the reader pastes into a text, and the text around it. */
export interface Pasted {
  before: string;
  pasted: string;
  after: string;
}

/** The lines of a shell script that write a file: `cat > /etc/systemd/system/shop.service <<EOF`. */
const heredoc = /<<-?[ \t]*(?<quote>["']?)(?<end>\w+)\k<quote>/;
const unitPath = /^.+\.(?:service|socket|timer|path|target|mount|slice|conf)\b/;

/** The first path of a unit in a line. Each word is searched once, and from its end. */
function pathIn(line: string): string | undefined {
  for (const word of line.split(/[^\w/@.:-]+/)) {
    const [path] = unitPath.exec(word) ?? [];
    if (path !== undefined) return path;
  }
  return undefined;
}

/**
 * Removes the lines around a unit in Markdown and in a shell script. A shell script names the file, so that
 * line becomes a header.
 */
function withoutWrapping(text: string): string {
  let end: string | undefined;
  const lines = withLineFeeds(text).split("\n");
  const kept = lines.flatMap((line) => {
    if (/^[ \t]*(?:`{3,}|~{3,})/.test(line)) return [];
    if (line.trim() === end) {
      end = undefined;
      return [];
    }
    const start = /^[ \t]*(?:[$#][ \t]+)?(?:sudo|cat|tee)\b/.test(line) ? heredoc.exec(line) : null;
    if (start === null) return [line];
    end = start.groups?.["end"];
    const name = pathIn(line);
    return name === undefined ? [] : [`# ${name.includes("/") ? name : `./${name}`}`];
  });
  return kept.join("\n");
}

/** The files after the reader has pasted text into one of them. */
export interface PasteResult {
  files: UnitText[];
  user: boolean;
  /** The number of units in the last file that get no file of their own. */
  rest: number;
}

/** Pastes text into the file at index `at`. If the text contains several units, each becomes a file. */
export function pasteInto(files: readonly UnitText[], at: number, around: Pasted): PasteResult {
  const { name, text: old } = files[at]!;
  const { before, after } = around;
  const pasted = withoutWrapping(around.pasted);
  const app = name.replace(/\.[^.]*$/, "");
  const own = splitUnits(pasted, app);
  const isNamed = own.isNamed && before.trim() === "";
  const whole = isNamed && after.trim() !== "" ? own : splitUnits(before + pasted + after, app);
  if (whole.files.length === 1 && whole !== own && !isNamed && old !== "") {
    const text = withLineFeeds(before + pasted + after);
    return { files: files.with(at, { name, text }), user: false, rest: 0 };
  }
  const others = files.toSpliced(at, 1);
  // A pasted unit with a name does not change the name of the unit below it.
  const added = whole === own ? [...own.files, { name, text: after }] : whole.files;
  const all = [...others];
  for (const [index, file] of added.entries())
    all.splice(at + index, 0, { ...file, name: freeName(file.name, all) });
  return { files: all, user: whole.user, rest: whole.rest };
}
