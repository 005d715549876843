import { assignments, type Assignment, type UnitFile } from "./parse.ts";
import { directiveNamed } from "../systemd/directives.ts";
import { commandsOf } from "./words.ts";
import { isUnitName, templateOf, unitNameParts } from "../systemd/unit-names.ts";

/** An assignment, and the file that contains it. */
export interface Setting extends Assignment {
  file: string;
}

/** A unit as systemd sees it: its file and its drop-ins. */
export interface LoadedUnit {
  name: string;
  /** The file of the unit itself. For an instance without a file, the file of the template. */
  file: string;
  /** The content of that file. */
  own: UnitFile;
  /** Whether systemd reads that file only up to a command line that it refuses. */
  isCut: boolean;
  /** All assignments, in the order in which they count. */
  settings: readonly Setting[];
  /** The same assignments by section and key. */
  bySection: ReadonlyMap<string, ReadonlyMap<string, readonly Setting[]>>;
}

/** One of the given files: a unit, or a drop-in in the folder `app.service.d`. */
export interface GivenFile {
  /** Its path, as it was given. */
  file: string;
  unit: UnitFile;
  /** The assignments of the file that systemd reads. */
  settings: readonly Setting[];
  /** The last part of the path. */
  base: string;
  /** The folder of a drop-in, without `.d`. */
  dropInOf: string | undefined;
  /** If several files have the same name, the one with the lowest number counts. */
  rank: number;
}

/** Unit files, as systemd finds them by name. */
export interface GivenUnits {
  all: readonly GivenFile[];
  /** Units by name. If several files have the same name, the one that counts. */
  units: ReadonlyMap<string, GivenFile>;
  /** The drop-ins that systemd reads, by `dropInOf`. */
  dropIns: ReadonlyMap<string, readonly GivenFile[]>;
}

/**
 * The folders of systemd.unit(5), in the order of their priority. A file in none of them has a higher
 * priority than all.
 */
const unitFolders = [
  /(?:^|\/)\.config\/systemd\//,
  /(?:^|\/)etc\/systemd\//,
  /(?:^|\/)run\/systemd\//,
  /(?:^|\/)\.local\/share\/systemd\//,
  /(?:^|\/)usr\/local\/(?:lib|share)\/systemd\//,
  /(?:^|\/)(?:lib|usr\/share)\/systemd\//,
];

const rankOf = (file: string): number => unitFolders.findIndex((folder) => folder.test(file));

/**
 * The units of files, by their paths. Only the last part of a path counts, and for a drop-in the last two.
 */
export function givenUnits(files: ReadonlyMap<string, UnitFile>): GivenUnits {
  const all = Array.from(files, ([file, unit]): GivenFile => {
    const [base = "", folder = ""] = file.split("/").toReversed();
    const dropInOf = folder.endsWith(".d") ? folder.slice(0, -2) : undefined;
    // Each field is named, because a spread of an assignment takes several times as long.
    const settings = assignments(unit).map(({ text, line, kind, section, key, value }) => ({
      text,
      line,
      kind,
      section,
      key,
      value,
      file,
    }));
    return { file, unit, settings, base, dropInOf, rank: rankOf(file) };
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

/** Returns the list of this key, and creates it if there is none. */
function listIn<Key, Value>(lists: Map<Key, Value[]>, key: Key): Value[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/**
 * The names of a unit's drop-in folders, in the order of their priority: the unit itself, its template, its
 * prefixes, its type.
 */
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
 * The unit of this name, with its drop-ins merged as systemd.unit(5) describes. `undefined` if no file is
 * given for it, if its file is empty, which masks it, or if no unit can have the name.
 *
 * Drop-ins count in the order of their file names, whatever their folder. If two have the same name, only the
 * one with the more specific folder counts. If two files have the same name in folders of systemd, such as
 * /etc/systemd/system and /usr/lib/systemd/system, only the one in the first folder of systemd.unit(5)
 * counts.
 */
export function loadUnit(name: string, { units, dropIns: folders }: GivenUnits): LoadedUnit | undefined {
  const own = isUnitName(name) ? (units.get(name) ?? units.get(templateOf(name) ?? name)) : undefined;
  if (own === undefined || own.unit.entries.length === 0) return undefined;
  const dropIns = new Map<string, GivenFile>();
  for (const folder of dropInNames(name)) {
    for (const given of folders.get(folder) ?? []) {
      if (!dropIns.has(given.base)) dropIns.set(given.base, given);
    }
  }
  const inOrder = [...dropIns.keys()].toSorted().map((base) => dropIns.get(base)!);
  const refused = refusalIn(own.settings, name);
  const settings = [
    ...upTo(refused, own.settings),
    ...inOrder.flatMap((given) => upTo(refusalIn(given.settings, name), given.settings)),
  ];
  const bySection = new Map<string, Map<string, Setting[]>>();
  for (const setting of settings) {
    const ofSection = bySection.get(setting.section) ?? new Map<string, Setting[]>();
    bySection.set(setting.section, ofSection);
    listIn(ofSection, setting.key).push(setting);
  }
  return { name, file: own.file, own: own.unit, isCut: refused >= 0, settings, bySection };
}

/**
 * Whether this directive of a service or a socket contains command lines; systemd.service(5),
 * systemd.socket(5).
 */
export const isCommand = ({ section, key }: Assignment): boolean =>
  (section === "Service" && /^Exec(?:Condition|Start(?:Pre|Post)?|Reload|Stop(?:Post)?)$/.test(key)) ||
  (section === "Socket" && /^Exec(?:Start|Stop)(?:Pre|Post)$/.test(key));

/**
 * The line at which systemd stops reading a service's file. systemd does not load a socket with a refused
 * command at all.
 */
const refusalIn = (all: readonly Assignment[], name: string): number =>
  all.findIndex(
    (assignment) =>
      assignment.section === "Service" &&
      isCommand(assignment) &&
      commandsOf(assignment.value, name).refused === true,
  );

/** The assignments of a file, up to a command line that systemd refuses. */
const upTo = (refused: number, all: readonly Setting[]): readonly Setting[] =>
  refused < 0 ? all : all.slice(0, refused + 1);

/**
 * Whether an assignment is empty and removes the ones before it. For most directives, systemd ignores an
 * empty assignment.
 */
export const isReset = ({ key, value }: Assignment): boolean =>
  value === "" && directiveNamed(key)?.resets === true;

/** The assignments of a directive that count. An empty one removes those before it, or systemd ignores it. */
export function valuesOf(unit: LoadedUnit, section: string, key: string): readonly Setting[] {
  const all = unit.bySection.get(section)?.get(key);
  if (all === undefined) return [];
  if (all.every(({ value }) => value !== "")) return all;
  return all.slice(all.findLastIndex(isReset) + 1).filter(({ value }) => value !== "");
}

/** The assignment that counts of a directive with one value, or `undefined`. */
export function valueOf(unit: LoadedUnit, section: string, key: string): Setting | undefined {
  return valuesOf(unit, section, key).at(-1);
}
