import { expandSpecifiers, unknownSpecifier } from "../systemd/expansion.ts";

/** The words of a value, up to the first error. */
export interface Words {
  words: string[];
  /** The words as written. */
  written: string[];
  /** Why systemd stops reading. */
  problem?: string;
}

interface Word {
  word: string;
  /** The word as written. */
  written: string;
  /** The position of the next word. */
  next: number;
  /** Whether a backslash is followed by something that is not an escape. */
  odd: boolean;
}

const single: Record<string, string> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  s: " ",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

/** The escapes of systemd.syntax(7) after a backslash: a byte, a code point or a character. */
const escape =
  /x(?<hex>[0-9a-fA-F]{2})|(?<octal>[0-3][0-7]{2})|u(?<short>[0-9a-fA-F]{4})|U(?<long>[0-9a-fA-F]{8})|(?<letter>[abfnrtvs\\"'])/y;

const space = /[ \t\n\r]*/y;

function skipSpace(text: string, from: number): number {
  space.lastIndex = from;
  space.exec(text);
  return space.lastIndex;
}

function unescaped(text: string, at: number): { text: string; byte: boolean; length: number } | undefined {
  escape.lastIndex = at;
  const { hex, octal, short, long, letter } = escape.exec(text)?.groups ?? {};
  const length = escape.lastIndex - at;
  if (letter !== undefined) return { text: single[letter]!, byte: false, length };
  const byte = hex === undefined ? octal && parseInt(octal, 8) : parseInt(hex, 16);
  if (byte) return { text: `%${byte.toString(16).padStart(2, "0")}`, byte: true, length };
  const point = parseInt(short ?? long ?? "0", 16);
  const fits = point > 0 && point <= 0x10_ffff;
  return fits ? { text: String.fromCodePoint(point), byte: false, length } : undefined;
}

/** Decodes bytes written as `%41`. Bytes that are not UTF-8 become U+FFFD. */
function decoded(bytes: string): string {
  try {
    return decodeURIComponent(bytes);
  } catch {
    return "\uFFFD";
  }
}

/**
 * Reads and unquotes the word at `from`, as systemd's extract_first_word() does with the flags UNQUOTE and
 * CUNESCAPE.
 *
 * Returns `undefined` at the end of the value, and a string for an error.
 */
function wordAt(text: string, from: number): Word | string | undefined {
  let at = skipSpace(text, from);
  if (at >= text.length) return undefined;
  const start = at;
  let word = "";
  let bytes = "";
  let quote = "";
  let odd = false;
  const put = (more: string) => {
    if (bytes !== "") word += decoded(bytes);
    word += more;
    bytes = "";
  };
  for (; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === "\\") {
      if (at + 1 === text.length) {
        if (quote !== "") break;
        put("\\");
        odd = true;
        continue;
      }
      const meant = unescaped(text, at + 1);
      if (meant === undefined) {
        put(character + text[at + 1]!);
        odd = true;
      } else if (meant.byte) bytes += meant.text;
      else put(meant.text);
      at += meant?.length ?? 1;
    } else if (quote !== "") {
      if (character === quote) quote = "";
      else put(character);
    } else if (character === '"' || character === "'") quote = character;
    else if (/[ \t\n\r]/.test(character)) break;
    else put(character);
  }
  if (quote !== "") return `a ${quote} is not closed`;
  put("");
  return { word, written: text.slice(start, at), next: skipSpace(text, at), odd };
}

/** The words of a list with quotes and escapes, such as Environment=. An invalid escape ends it. */
export function wordsOf(text: string): Words {
  const words: string[] = [];
  const written: string[] = [];
  for (let at = 0; ;) {
    const found = wordAt(text, at);
    if (found === undefined) return { words, written };
    if (typeof found === "string") return { words, written, problem: found };
    if (found.odd)
      return { words, written, problem: "a backslash is followed by something that is not an escape" };
    words.push(found.word);
    written.push(found.written);
    at = found.next;
  }
}

/** A command of ExecStart= or a similar directive; see systemd.service(5). */
export interface Command {
  /** The program, without its prefixes. */
  path: string;
  /** The arguments of the program. The first one is its name. */
  argv: string[];
  /** The prefixes of the program: `-`, `@`, `:`, `+`, `!`. */
  signs: string;
}

/** The commands of a value, up to the first error. */
export interface Commands {
  commands: Command[];
  problem?: string;
  /**
   * Whether systemd rejects the unit, or ignores the rest of the drop-in. Otherwise it keeps the commands
   * before the error.
   */
  refused?: boolean;
}

/** A program has at most one prefix of each kind, and only one of `+`, `!` and `!!`. */
function split(word: string): [signs: string, path: string] {
  let at = 0;
  for (const seen = new Set<string>(); at < word.length; at += 1) {
    const sign = word[at]!;
    const kind = sign === "!" ? "+" : sign;
    const doubled = sign === "!" && word[at - 1] === "!" && word[at - 2] !== "!";
    if (!"-@:+!".includes(sign) || (seen.has(kind) && !doubled)) break;
    seen.add(kind);
  }
  return [word.slice(0, at), word.slice(at)];
}

function unknown(word: string): string | undefined {
  const specifier = unknownSpecifier(word);
  return specifier === undefined ? undefined : `${specifier} is not a specifier`;
}

/** Why systemd can't run such a program and rejects the unit, or `undefined`. */
function refusedProgram(path: string): string | undefined {
  if (path === "") return "it names no program";
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/["'\\\x01-\x1f\x7f]/.test(path)) return "a quote, a backslash or a control character is in its path";
  if (/(?:^|\/)\.{0,2}$/.test(path)) return "it names a folder";
  // These specifiers expand to an absolute path.
  return !/^(?:\/|%[DYdfsy])/.test(path) && path.includes("/")
    ? "its path is neither absolute nor a single name"
    : undefined;
}

/** The commands of ExecStart= or a similar directive, in the unit of this name. */
export function commandsOf(text: string, unit: string): Commands {
  const commands: Command[] = [];
  const expand = (word: string) => expandSpecifiers(word, unit);
  let at = 0;
  for (let more = true; more;) {
    more = false;
    const first = wordAt(text, at);
    if (first === undefined) break;
    if (typeof first === "string") return { commands, problem: first };
    at = first.next;
    if (first.word === ";") {
      more = true;
      continue;
    }
    const [signs, program] = split(first.word);
    const path = expand(program);
    const ignored = signs.includes("-");
    const refused = unknown(program) ?? refusedProgram(path);
    if (refused !== undefined) return { commands, problem: refused, refused: !ignored };
    const argv = signs.includes("@") ? [] : [path];
    while (at < text.length) {
      // An unquoted semicolon ends a command. An escaped one is an argument.
      const [, backslash, semicolon] = /^(\\?)(;)(?=[ \t\n\r]|$)/.exec(text.slice(at, at + 3)) ?? [];
      if (semicolon !== undefined) {
        at = skipSpace(text, at + (backslash === "" ? 1 : 2));
        more = backslash === "";
        if (more) break;
        argv.push(";");
        continue;
      }
      const word = wordAt(text, at);
      if (word === undefined) break;
      if (typeof word === "string") return { commands, problem: word, refused: !ignored };
      const refusal = unknown(word.word);
      if (refusal !== undefined) return { commands, problem: refusal, refused: !ignored };
      argv.push(expand(word.word));
      at = word.next;
    }
    if (argv.length === 0) {
      return {
        commands,
        problem: "@ needs a second word, the name that the program sees",
        refused: true,
      };
    }
    commands.push({ path: path.replace(/\/(?:\.?\/)+/g, "/"), argv, signs });
  }
  return { commands };
}
