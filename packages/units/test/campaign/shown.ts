import { isDeepStrictEqual } from "node:util";

/** Properties of org.freedesktop.systemd1(5) by name; a function says whether it is what was meant. */
export type Shown = Record<string, unknown>;

/** Lists whose order means nothing, to which systemd adds what every unit of the kind depends on. */
const dependencies = ["After", "Requires", "Wants"];
const unordered = [...dependencies, "Environment", "IPAddressDeny", "TriggeredBy"];
const addedBySystemd =
  /^(?:(?:sysinit|basic|network-pre|network|shutdown)\.target|systemd-(?:journald\.socket|tmpfiles-setup\.service|remount-fs\.service)|.*\.(?:mount|slice))$/;

function comparable(property: string, value: unknown): unknown {
  // The program and its arguments; what follows tells of its runs.
  if (property === "ExecStart") return (value as unknown[][]).map((command) => command.slice(0, 2));
  if (!unordered.includes(property) || !Array.isArray(value)) return value;
  const distinct = [...new Set(value as string[])].toSorted();
  return dependencies.includes(property) ? distinct.filter((unit) => !addedBySystemd.test(unit)) : distinct;
}

/** Puts together what several fields show: lists add up, and of anything else the last counts. */
export function together(parts: readonly Shown[]): Shown {
  const whole: Shown = {};
  for (const [property, value] of parts.flatMap((part) => Object.entries(part))) {
    const before = whole[property];
    whole[property] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
  }
  return whole;
}

/** What is not shown as it was meant, a line for each property. */
export function differences(meant: Shown, shown: Shown): string[] {
  const differing = Object.entries(meant).filter(([property, value]) =>
    typeof value === "function"
      ? !(value as (shown: unknown) => boolean)(shown[property])
      : !isDeepStrictEqual(comparable(property, shown[property]), comparable(property, value)),
  );
  return differing.map(
    ([property, value]) => `${property} is ${JSON.stringify(shown[property])}, not ${JSON.stringify(value)}`,
  );
}
