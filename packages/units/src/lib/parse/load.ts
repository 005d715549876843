import { assignments, parseUnit, type Assignment, type UnitFile } from "./parse.ts";
import { isReset } from "./resets.ts";
import { commandsOf } from "./words.ts";
import { isUnitName, templateOf, unitNameParts } from "../systemd/unit-names.ts";

/** An assignment and the file it stands in. */
export interface Setting extends Assignment {
  file: string;
}

/** A unit as systemd has it: its file and its drop-ins. */
export interface LoadedUnit {
  name: string;
  /** The file of the unit itself; a template's for an instance that has none. */
  file: string;
  /** What that file holds. */
  own: UnitFile;
  /** Whether systemd reads that file only up to a command line that it refuses. */
  isCut: boolean;
  /** All assignments, in the order in which they count. */
  settings: readonly Setting[];
  /** The same by section and key. */
  bySection: ReadonlyMap<string, ReadonlyMap<string, readonly Setting[]>>;
}

/** A file among those that were given: a unit, or a drop-in of the folder `app.service.d`. */
export interface GivenFile {
  /** Its path as it was given. */
  file: string;
  unit: UnitFile;
  /** The last part of the path. */
  base: string;
  /** The folder of a drop-in without its `.d`. */
  dropInOf: string | undefined;
  /** Of files with the same name, the one with the lowest number counts. */
  rank: number;
}

/** The files that belong together. */
export interface GivenFiles {
  all: readonly GivenFile[];
  /** Files of units by name; of several with the same name the one that counts. */
  units: ReadonlyMap<string, GivenFile>;
  /** Drop-ins that systemd reads, by `dropInOf`. */
  dropIns: ReadonlyMap<string, readonly GivenFile[]>;
}

/** The folders of systemd.unit(5), those that win first. A file that is in none of them wins over all. */
const unitFolders = [
  /(?:^|\/)\.config\/systemd\//,
  /(?:^|\/)etc\/systemd\//,
  /(?:^|\/)run\/systemd\//,
  /(?:^|\/)\.local\/share\/systemd\//,
  /(?:^|\/)usr\/local\/(?:lib|share)\/systemd\//,
  /(?:^|\/)(?:lib|usr\/share)\/systemd\//,
];

const rankOf = (file: string): number => unitFolders.findIndex((folder) => folder.test(file));

/** Reads files by their paths, of which the last part, for a drop-in the last two, are looked at. */
export function readFiles(files: Readonly<Record<string, string>>): GivenFiles {
  const all = Object.entries(files).map(([file, text]): GivenFile => {
    const [base = "", folder = ""] = file.split("/").toReversed();
    const dropInOf = folder.endsWith(".d") ? folder.slice(0, -2) : undefined;
    return { file, unit: parseUnit(text), base, dropInOf, rank: rankOf(file) };
  });
  const units = new Map<string, GivenFile>();
  const dropIns = new Map<string, GivenFile[]>();
  for (const given of all.toSorted((one, other) => one.rank - other.rank)) {
    const { base, dropInOf } = given;
    if (dropInOf === undefined) {
      if (!units.has(base)) units.set(base, given);
    } else if (base.endsWith(".conf")) listIn(dropIns, dropInOf).push(given);
  }
  return { all, units, dropIns };
}

/** The list of this key, which is made if there is none. */
function listIn<Key, Value>(lists: Map<Key, Value[]>, key: Key): Value[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/** What a unit's drop-in folders are named after, those that win first: itself, its template, its prefixes, its type. */
function dropInNames(name: string): string[] {
  const { prefix, instance, type } = unitNameParts(name);
  const names: string[] = [];
  for (let part = prefix; part !== ""; part = part.slice(0, -1).replace(/[^-]*$/, "")) {
    if (instance) names.push(`${part}@${instance}.${type}`);
    names.push(instance === undefined ? `${part}.${type}` : `${part}@.${type}`);
  }
  return [...names, type];
}

/**
 * The unit of this name, with its drop-ins merged as systemd.unit(5) has them, or `undefined` if no file is given for it, or an empty one, which masks it, or if no unit can
 * have the name.
 *
 * Drop-ins count in the order of their file names, whatever their folder. Of two with the same name the one whose folder is named more fully counts alone.
 * Of two files with the same name in folders of systemd, such as /etc/systemd/system and /usr/lib/systemd/system, the one in the first folder of systemd.unit(5) counts alone.
 */
export function loadUnit(name: string, { units, dropIns: folders }: GivenFiles): LoadedUnit | undefined {
  const own = isUnitName(name) ? (units.get(name) ?? units.get(templateOf(name) ?? name)) : undefined;
  if (own === undefined || own.unit.entries.length === 0) return undefined;
  const dropIns = new Map<string, GivenFile>();
  for (const folder of dropInNames(name)) {
    for (const given of folders.get(folder) ?? []) {
      if (!dropIns.has(given.base)) dropIns.set(given.base, given);
    }
  }
  const inOrder = [...dropIns.keys()].toSorted().map((base) => dropIns.get(base)!);
  const settings = [own, ...inOrder].flatMap(({ file, unit }) =>
    readUpToRefusal(assignments(unit), name).map((assignment) => ({ ...assignment, file })),
  );
  const bySection = new Map<string, Map<string, Setting[]>>();
  for (const setting of settings) {
    const ofSection = bySection.get(setting.section) ?? new Map<string, Setting[]>();
    bySection.set(setting.section, ofSection);
    listIn(ofSection, setting.key).push(setting);
  }
  const isCut = refusalIn(assignments(own.unit), name) >= 0;
  return { name, file: own.file, own: own.unit, isCut, settings, bySection };
}

/** Whether this directive of a service or a socket holds command lines; systemd.service(5), systemd.socket(5). */
export const isCommand = ({ section, key }: Assignment): boolean =>
  (section === "Service" && /^Exec(?:Condition|Start(?:Pre|Post)?|Reload|Stop(?:Post)?)$/.test(key)) ||
  (section === "Socket" && /^Exec(?:Start|Stop)(?:Pre|Post)$/.test(key));

/** Where systemd reads no further in a service's file. A socket with a command that it refuses it does not load at all. */
const refusalIn = (all: readonly Assignment[], name: string): number =>
  all.findIndex(
    (assignment) =>
      assignment.section === "Service" &&
      isCommand(assignment) &&
      commandsOf(assignment.value, name).refused === true,
  );

/** The assignments of a file, up to a command line that systemd refuses. */
function readUpToRefusal(all: readonly Assignment[], name: string): readonly Assignment[] {
  const refused = refusalIn(all, name);
  return refused < 0 ? all : all.slice(0, refused + 1);
}

/** The assignments of a directive that count: an empty one takes back those before it, or systemd ignores it. */
export function valuesOf(unit: LoadedUnit, section: string, key: string): Setting[] {
  const all = unit.bySection.get(section)?.get(key) ?? [];
  return all.slice(all.findLastIndex(isReset) + 1).filter(({ value }) => value !== "");
}

/** The assignment that counts of a directive with one value, or `undefined`. */
export function valueOf(unit: LoadedUnit, section: string, key: string): Setting | undefined {
  return valuesOf(unit, section, key).at(-1);
}
