import type { LoadedUnit, Setting } from "../../parse/load.ts";
import { nearestAmong } from "@sockact/shared/nearest";
import { namesIn, type SocketSubject } from "./subjects.ts";

/** Whether two names belong together, such as shop-http and shop-https, or shop1 and shop2. */
function areSiblings(one: string, other: string): boolean {
  const [first, second] = [one, other].map((name) => name.replace(/\.socket$/, ""));
  const sorted = (name = "") => Array.from(name).toSorted().join("");
  if (sorted(first) === sorted(second)) return false;
  const stem = (name = "") => name.replace(/-[^-]*$/, "-");
  const withoutDigits = (name = "") => name.replace(/\d/g, "");
  return (
    (first!.includes("-") && stem(first) === stem(second)) || withoutDigits(first) === withoutDigits(second)
  );
}

/** Sockets that a service requires, but that have no file and a name similar to its own socket. */
export function misspelledSockets(
  service: LoadedUnit,
  { unit, given }: SocketSubject,
): { name: string; setting: Setting }[] {
  const isNearly = nearestAmong([unit.name]);
  const required = namesIn(service, "Unit", "Requires", "BindsTo", "Requisite");
  if (required.some(({ name }) => name === unit.name)) return [];
  return required.filter(
    ({ name }) =>
      name.endsWith(".socket") &&
      name[0] === unit.name[0] &&
      !given.units.has(name) &&
      !areSiblings(name, unit.name) &&
      isNearly(name) !== undefined,
  );
}
