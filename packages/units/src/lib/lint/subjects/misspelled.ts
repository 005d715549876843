import type { LoadedUnit, Setting } from "../../parse/load.ts";
import { nearestAmong } from "../../nearest.ts";
import { namesIn, type SocketSubject } from "./subjects.ts";

/** The names of sockets that a service requires, that no file has, and that are nearly the name of its own socket. */
export function misspelledSockets(
  service: LoadedUnit,
  { unit, given }: SocketSubject,
): { name: string; setting: Setting }[] {
  const isNearly = nearestAmong([unit.name]);
  return namesIn(service, "Unit", "Requires", "BindsTo", "Requisite").filter(
    ({ name }) => name.endsWith(".socket") && !given.units.has(name) && isNearly(name) !== undefined,
  );
}
