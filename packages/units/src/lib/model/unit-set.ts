import { givenUnits, loadUnit, valuesOf, type GivenUnits } from "../parse/load.ts";
import { parseUnit, stringifyUnit, type UnitFile } from "../parse/parse.ts";
import { checkFiles } from "./check-files.ts";

/** The units as the rules of the linter look for them. */
export let givenOf: (units: UnitSet) => GivenUnits;

/**
 * Unit files that belong together, line by line: those of a description (`buildUnits`), or files that you
 * have (`parseUnits`).
 */
export class UnitSet {
  /**
   * The files by their names, in their order: `shop.socket`, `shop.service`, `shop.service.d/10-port.conf`. A
   * name may begin with folders.
   */
  readonly files: ReadonlyMap<string, UnitFile>;
  readonly #given: GivenUnits;

  constructor(files: Iterable<readonly [name: string, file: UnitFile]>) {
    this.files = new Map(files);
    this.#given = givenUnits(this.files);
  }

  /** The texts of the files by their names. */
  texts(): Record<string, string> {
    return Object.fromEntries([...this.files].map(([name, file]) => [name, stringifyUnit(file)]));
  }

  /**
   * The values of a directive that count, as systemd.unit(5) describes: of the unit and its drop-ins, without
   * those that an empty assignment has removed. Empty if the set does not contain the unit.
   */
  values(unit: string, section: string, directive: string): readonly string[] {
    const loaded = loadUnit(unit, this.#given);
    return loaded === undefined ? [] : valuesOf(loaded, section, directive).map(({ value }) => value);
  }

  static {
    givenOf = (units) => units.#given;
  }
}

/**
 * Reads the texts of unit files and drop-ins, by their names. Any text is accepted: a line that systemd
 * ignores is an entry too. Throws a `TypeError` unless `files` is an object of strings.
 */
export function parseUnits(files: Readonly<Record<string, string>>): UnitSet {
  checkFiles(files);
  return new UnitSet(Object.entries(files).map(([name, text]) => [name, parseUnit(text)]));
}
