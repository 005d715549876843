import { loadUnit, type GivenUnits } from "../../parse/load.ts";
import { templateOf } from "../../systemd/unit-names.ts";
import { namesIn } from "./subjects.ts";

/** The names of units from `Alias=`. */
const aliases = new WeakMap<GivenUnits, ReadonlySet<string>>();

function aliasesIn(given: GivenUnits): ReadonlySet<string> {
  const known = aliases.get(given);
  if (known !== undefined) return known;
  const names = Array.from(given.units.keys(), (unit) => {
    const loaded = loadUnit(unit, given);
    return loaded === undefined ? [] : namesIn(loaded, "Install", "Alias").map(({ name }) => name);
  });
  const found = new Set(names.flat());
  aliases.set(given, found);
  return found;
}

/** Whether one of the files is this unit, its template, its Podman container, or has its name as an alias. */
export const isGiven = (name: string, given: GivenUnits): boolean =>
  [name, templateOf(name) ?? name, name.replace(/\.service$/, ".container")].some((one) =>
    given.units.has(one),
  ) || aliasesIn(given).has(name);
