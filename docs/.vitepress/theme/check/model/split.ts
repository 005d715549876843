import { parseUnit, type UnitEntry } from "@sockact/units";

/** One unit file or drop-in. */
export interface UnitText {
  /** The file name. For a drop-in, it includes the folder: `shop.service.d/port.conf`. */
  name: string;
  text: string;
}

export interface Split {
  files: UnitText[];
  /** Whether the path in a header shows that the units are for the service manager of a user. */
  user: boolean;
  /** Whether a header names the first file. */
  isNamed: boolean;
  /** The number of units in the last file that get no file of their own. */
  rest: number;
}

/**
 * The maximum number of characters that the page checks. Units have a few kilobytes. Checking more at each
 * key would slow the browser down.
 */
export const mostCharacters = 100_000;

/**
 * The maximum number of files. Longer input is probably not a list of units, so the last file gets the rest.
 */
export const mostFiles = 50;

/** The maximum number of characters in the name of a unit. systemd ignores a file with a longer name. */
export const longestName = 255;

/** The sections that identify the type of a unit. `[Unit]` and `[Install]` can be in all types. */
const kinds =
  /^(?:Automount|Build|Container|Image|Kube|Mount|Network|Path|Pod|Scope|Service|Slice|Socket|Swap|Timer|Volume)$/;

/** What can be the path or the name of a unit. */
const unitPath =
  /^[^\s"'=]*\.(?:automount|build|conf|container|image|kube|mount|network|path|pod|service|slice|socket|swap|target|timer|volume)$/;

/** Converts every line ending that systemd accepts to a line feed. A text area converts them too. */
export const withLineFeeds = (text: string): string => text.replaceAll(/(?:\n\r?|\r\n?)\0?|\0/g, "\n");

interface Header {
  /** The comment characters before the name. */
  comment: string;
  path: string;
}

/**
 * The file name in a line that contains only a file name. `systemctl cat`, `head` and documentation show such
 * a line above a file. Each step reads the line once, so a long line takes no longer than many short ones.
 */
function headerIn({ kind, text }: UnitEntry): Header | undefined {
  if (kind === "assignment") return undefined;
  const line = text.trim();
  const [comment = ""] = /^[#;]*/.exec(line) ?? [];
  const [, name = ""] = /^[ \t]*(?:==>|---)?[ \t]*(.*)$/s.exec(line.slice(comment.length)) ?? [];
  const end = ["<==", "---", ":"].find((mark) => name.endsWith(mark)) ?? "";
  const path = name.slice(0, name.length - end.length).trimEnd();
  return unitPath.test(path) && nameOf(path).length <= longestName ? { comment, path } : undefined;
}

/** The file name in a path. For a drop-in, the name includes the folder, which identifies the unit. */
function nameOf(path: string): string {
  const [name = "", folder = ""] = path.split("/").toReversed();
  return folder.length > 2 && folder.endsWith(".d") ? `${folder}/${name}` : name;
}

const isOfUser = (path: string): boolean => /(?:^|\/)systemd\/user\//.test(path);

const textOf = (entries: readonly UnitEntry[]): string => entries.map(({ text }) => text).join("");

function kindOf(entries: readonly UnitEntry[]): string | undefined {
  for (const entry of entries)
    if (entry.kind === "section" && kinds.test(entry.section)) return entry.section;
  return undefined;
}

/** The entries of one file, and the path in its header. */
interface Part {
  path: string | undefined;
  entries: UnitEntry[];
}

/** A file to which lines are added. */
interface OpenPart extends Part {
  /** Whether all lines are empty. */
  isEmpty: boolean;
  /** Whether a section identifies the type of the unit. */
  hasKind: boolean;
}

const openPart = (path?: string): OpenPart => ({ path, entries: [], isEmpty: true, hasKind: false });

function add(part: OpenPart, entry: UnitEntry): void {
  part.entries.push(entry);
  part.isEmpty &&= entry.text.trim() === "";
  part.hasKind ||= entry.kind === "section" && kinds.test(entry.section);
}

/**
 * Whether a `[Unit]` section begins another file. It does if a section follows that identifies a type.
 * Otherwise, it is a second `[Unit]` of the same file.
 */
function startsUnit(entries: readonly UnitEntry[], from: number): boolean {
  for (let index = from + 1; index < entries.length; index += 1) {
    const entry = entries[index]!;
    if (entry.kind !== "section") continue;
    if (entry.section === "Unit") return false;
    if (kinds.test(entry.section)) return true;
  }
  return false;
}

/** Divides a file without headers where a unit of another type, or another `[Unit]`, begins. */
function divided({ path, entries }: Part): Part[] {
  // The header applies to the whole file, regardless of its sections.
  if (path !== undefined) return [{ path, entries }];
  const starts: number[] = [];
  let kind: string | undefined;
  let seen = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    if (entry.kind !== "section") continue;
    const { section } = entry;
    const isAnother = kinds.test(section)
      ? kind !== undefined && kind !== section
      : section === "Unit" && (kind !== undefined || seen.has("Unit")) && startsUnit(entries, index);
    if (isAnother) {
      // The comment above the section belongs to it.
      let start = index;
      while (/^[ \t]*[#;]/.test(entries[start - 1]?.text ?? "")) start -= 1;
      starts.push(start);
      kind = undefined;
      seen = new Set();
    }
    seen.add(section);
    if (kinds.test(section)) kind = section;
  }
  return [0, ...starts].map((start, index) => ({ path, entries: entries.slice(start, starts[index]) }));
}

/** The section that follows a header. Only empty lines and comments may be between them. */
function sectionAfter(entries: readonly UnitEntry[], from: number): string | undefined {
  const next = entries.slice(from + 1, from + 200).find(({ kind }) => kind !== "blank");
  return next?.kind === "section" ? next.section : undefined;
}

/**
 * Whether a line with a file name is the header of a file. If the line is a comment, it may also be a remark
 * of the author.
 */
function isHeader({ comment, path }: Header, section: string, current: OpenPart, before: string): boolean {
  if (comment === "" || path.includes("/")) return true;
  const isWhole = section === "Unit" || (kinds.test(section) && current.hasKind);
  return current.isEmpty || (before.trim() === "" && isWhole);
}

/** Divides the input at its headers. */
function atHeaders(entries: readonly UnitEntry[]): Part[] {
  const parts = [openPart()];
  for (const [index, entry] of entries.entries()) {
    const current = parts.at(-1)!;
    const found = headerIn(entry);
    const section = found === undefined ? undefined : sectionAfter(entries, index);
    if (
      found === undefined ||
      section === undefined ||
      !isHeader(found, section, current, entries[index - 1]?.text ?? "")
    ) {
      add(current, entry);
      continue;
    }
    // A comment that contains only a name may be the author's, so it stays. A path comes from
    // `systemctl cat`.
    const stays = found.comment !== "" && !found.path.includes("/");
    const next = openPart(found.path);
    if (stays) add(next, entry);
    parts.push(next);
  }
  return parts.filter(({ path, entries: own }) => path !== undefined || textOf(own).trim() !== "");
}

/** The first unit of a type that these entries name, such as `shop.socket` in `Requires=`. */
function named(
  entries: readonly UnitEntry[],
  type: string,
  keys = /^(?:Requires|Wants|BindsTo|After|Sockets|Also|Service)$/,
): string | undefined {
  for (const entry of entries) {
    if (entry.kind !== "assignment" || !keys.test(entry.key)) continue;
    const name = entry.value
      .split(/\s+/)
      .find((word) => word.length <= longestName && word.endsWith(`.${type}`) && /^[\w.@:-]+$/.test(word));
    if (name !== undefined) return name;
  }
  return undefined;
}

/**
 * Names the files that have no name. The names come from references between the units. Without a reference,
 * the name is `app`.
 */
function withNames(parts: readonly Part[], app: string): UnitText[] {
  const all = parts.flatMap(({ entries }) => entries);
  const socket = named(all, "socket");
  const base = socket?.replace(/\.socket$/, "") ?? named(all, "service")?.replace(/\.service$/, "");
  const started = named(all, "service", /^Service$/);
  const isPair = parts.some(({ entries }) => kindOf(entries) === "Socket");
  const files: UnitText[] = [];
  for (const { path, entries } of parts) {
    const type = kindOf(entries)?.toLowerCase() ?? "service";
    const own = type === "service" ? started : undefined;
    const name = path === undefined ? (own ?? `${(isPair && base) || app}.${type}`) : nameOf(path);
    files.push({ name: freeName(name, files), text: textOf(entries) });
  }
  return files;
}

/** Returns a name that no other file has, such as `app-2.service`. */
export function freeName(name: string, files: readonly { name: string }[]): string {
  const taken = new Set(files.map((file) => file.name));
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot)];
  let free = name;
  for (let count = 2; taken.has(free); count += 1) free = `${stem}-${count}${ending}`;
  return free;
}

/**
 * Divides pasted text into unit files. `systemctl cat` prints the path of each file above it. Without such
 * headers, a file ends where a unit of another type, or another `[Unit]`, begins. Accepts any string, and
 * always returns at least one file. A string that is too long to check becomes one file. `app` is the name
 * for files without a name.
 */
export function splitUnits(text: string, app = "app"): Split {
  const whole = withLineFeeds(text);
  if (whole.length > mostCharacters)
    return { files: [{ name: `${app}.service`, text: whole }], user: false, isNamed: false, rest: 0 };
  const { entries } = parseUnit(whole);
  const parts = atHeaders(entries).flatMap(divided);
  const [few, rest] = [parts.slice(0, mostFiles), parts.slice(mostFiles)];
  few.at(-1)?.entries.push(...rest.flatMap((part) => part.entries));
  const files = withNames(few, app);
  return {
    files: files.length > 0 ? files : [{ name: `${app}.service`, text: whole }],
    user: parts.some(({ path }) => path !== undefined && isOfUser(path)),
    isNamed: parts[0]?.path !== undefined,
    rest: rest.length,
  };
}
