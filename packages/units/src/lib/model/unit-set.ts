import { givenUnits, loadUnit, valuesOf, type GivenUnits } from "../parse/load.ts";
import { parseUnit, stringifyUnit, type UnitFile } from "../parse/parse.ts";
import { checkFiles } from "./check-files.ts";

/** The units in the form that the linter's rules use. */
export let givenOf: (units: UnitSet) => GivenUnits;

/**
 * Related unit files, line by line: those of a description (`buildUnits`), or existing files (`parseUnits`).
 */
export class UnitSet {
  /**
   * The files by name, in their order: `shop.socket`, `shop.service`, `shop.service.d/10-port.conf`. A name
   * may include folders.
   */
  readonly files: ReadonlyMap<string, UnitFile>;
  readonly #given: GivenUnits;

  constructor(files: Iterable<readonly [name: string, file: UnitFile]>) {
    this.files = new Map(files);
    this.#given = givenUnits(this.files);
  }

  /** The contents of the files, by name. */
  texts(): Record<string, string> {
    return Object.fromEntries([...this.files].map(([name, file]) => [name, stringifyUnit(file)]));
  }

  /**
   * The effective values of a directive in a unit and its drop-ins, as described in systemd.unit(5): without
   * those that an empty assignment resets. Empty if the set does not contain the unit.
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
 * Parses unit files and drop-ins, by name. Any string is accepted: a line that systemd ignores is an entry
 * too. Throws a `TypeError` unless `files` is an object of strings.
 */
export function parseUnits(files: Readonly<Record<string, string>>): UnitSet {
  checkFiles(files);
  return new UnitSet(Object.entries(files).map(([name, text]) => [name, parseUnit(text)]));
}
