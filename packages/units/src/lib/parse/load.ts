import { assignments, type Assignment, type UnitFile } from "./parse.ts";
import { directiveNamed } from "../systemd/directives.ts";
import { commandsOf } from "./words.ts";
import { isUnitName, templateOf, unitNameParts } from "../systemd/unit-names.ts";

/** An assignment and the file that contains it. */
export interface Setting extends Assignment {
  file: string;
}

/** A unit as systemd loads it: its file and its drop-ins. */
export interface LoadedUnit {
  name: string;
  /** The unit's file. For an instance without a file, the template's file. */
  file: string;
  /** The content of that file. */
  own: UnitFile;
  /** Whether systemd stops reading that file at an invalid command line. */
  isCut: boolean;
  /** All assignments, in order of precedence. */
  settings: readonly Setting[];
  /** The same assignments by section and key. */
  bySection: ReadonlyMap<string, ReadonlyMap<string, readonly Setting[]>>;
}

/** A passed file: a unit, or a drop-in in the folder `app.service.d`. */
export interface GivenFile {
  /** Its path, as passed. */
  file: string;
  unit: UnitFile;
  /** The assignments of the file that systemd reads. */
  settings: readonly Setting[];
  /** The last part of the path. */
  base: string;
  /** The folder of a drop-in, without `.d`. */
  dropInOf: string | undefined;
  /** Of several files with the same name, the one with the lowest number is used. */
  rank: number;
}

/** Unit files as systemd finds them by name. */
export interface GivenUnits {
  all: readonly GivenFile[];
  /** Units by name. Of several files with the same name, the one that systemd uses. */
  units: ReadonlyMap<string, GivenFile>;
  /** The drop-ins that systemd reads, by `dropInOf`. */
  dropIns: ReadonlyMap<string, readonly GivenFile[]>;
}

/** The folders of systemd.unit(5), in order of priority. A file in any other folder has a higher priority. */
const unitFolders = [
  /(?:^|\/)\.config\/systemd\//,
  /(?:^|\/)etc\/systemd\//,
  /(?:^|\/)run\/systemd\//,
  /(?:^|\/)\.local\/share\/systemd\//,
  /(?:^|\/)usr\/local\/(?:lib|share)\/systemd\//,
  /(?:^|\/)(?:lib|usr\/share)\/systemd\//,
];

const rankOf = (file: string): number => unitFolders.findIndex((folder) => folder.test(file));

/** The units of files, by path. Only the last part of a path is used, and for a drop-in the last two. */
export function givenUnits(files: ReadonlyMap<string, UnitFile>): GivenUnits {
  const all = Array.from(files, ([file, unit]): GivenFile => {
    const [base = "", folder = ""] = file.split("/").toReversed();
    const dropInOf = folder.endsWith(".d") ? folder.slice(0, -2) : undefined;
    // Each field is named, because spreading an assignment is several times slower.
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
 * The names of a unit's drop-in folders, in order of priority: the unit, its template, its prefixes, its
 * type.
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
 * The unit of this name, with its drop-ins merged as in systemd.unit(5). `undefined` if it has no file, if
 * its file is empty (which masks it), or if the name is invalid.
 *
 * Drop-ins are sorted by file name, whatever their folder. Of two with the same name, the one in the more
 * specific folder is used. Of two files with the same name in systemd's folders, such as /etc/systemd/system
 * and /usr/lib/systemd/system, the one in the first folder of systemd.unit(5) is used.
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
 * Whether this directive of a service or socket contains command lines; see systemd.service(5),
 * systemd.socket(5).
 */
export const isCommand = ({ section, key }: Assignment): boolean =>
  (section === "Service" && /^Exec(?:Condition|Start(?:Pre|Post)?|Reload|Stop(?:Post)?)$/.test(key)) ||
  (section === "Socket" && /^Exec(?:Start|Stop)(?:Pre|Post)$/.test(key));

/**
 * The line at which systemd stops reading a service's file. A socket with an invalid command is not loaded at
 * all.
 */
const refusalIn = (all: readonly Assignment[], name: string): number =>
  all.findIndex(
    (assignment) =>
      assignment.section === "Service" &&
      isCommand(assignment) &&
      commandsOf(assignment.value, name).refused === true,
  );

/** The assignments of a file, up to an invalid command line. */
const upTo = (refused: number, all: readonly Setting[]): readonly Setting[] =>
  refused < 0 ? all : all.slice(0, refused + 1);

/**
 * Whether an assignment is empty and resets a list. For most directives, systemd ignores an empty assignment.
 */
export const isReset = ({ key, value }: Assignment): boolean =>
  value === "" && directiveNamed(key)?.resets === true;

/** The effective assignments of a directive, without those that an empty one resets. */
export function valuesOf(unit: LoadedUnit, section: string, key: string): readonly Setting[] {
  const all = unit.bySection.get(section)?.get(key);
  if (all === undefined) return [];
  if (all.every(({ value }) => value !== "")) return all;
  return all.slice(all.findLastIndex(isReset) + 1).filter(({ value }) => value !== "");
}

/** The effective assignment of a directive with one value, or `undefined`. */
export function valueOf(unit: LoadedUnit, section: string, key: string): Setting | undefined {
  return valuesOf(unit, section, key).at(-1);
}
