import { isDeepStrictEqual } from "node:util";

/** Properties of org.freedesktop.systemd1(5) by name; a function says whether it is what was meant. */
export type Shown = Record<string, unknown>;

/** Lists whose order has no meaning. systemd adds the dependencies that every unit of the kind has. */
const dependencies = "After Before Requires Wants BindsTo PartOf Conflicts OnFailure".split(" ");
const unordered = [
  ...dependencies,
  ..."Conditions Asserts Environment IPAddressAllow IPAddressDeny TriggeredBy SupplementaryGroups".split(" "),
  ..."StateDirectory CacheDirectory LogsDirectory RuntimeDirectory ConfigurationDirectory".split(" "),
  ..."LoadCredential LoadCredentialEncrypted SetCredential SetCredentialEncrypted ImportCredential PassEnvironment".split(
    " ",
  ),
];
const addedBySystemd =
  /^(?:(?:sysinit|basic|network-pre|network|shutdown)\.target|systemd-(?:journald\.socket|tmpfiles-setup\.service|remount-fs\.service)|.*\.(?:mount|slice))$/;

/** Lists to which systemd adds what it needs by itself. */
const atLeast = ["RequiresMountsFor"];

function comparable(property: string, value: unknown): unknown {
  // The program, its arguments and flags; the rest is about its runs.
  if (/^Exec.*Ex$/.test(property)) return (value as unknown[][]).map((command) => command.slice(0, 3));
  if (!unordered.includes(property) || !Array.isArray(value)) return value;
  const byText = new Map(value.map((entry: unknown) => [JSON.stringify(entry), entry]));
  const distinct = [...byText].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry);
  return dependencies.includes(property)
    ? distinct.filter((unit) => !addedBySystemd.test(unit as string))
    : distinct;
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

function isMeant(property: string, meant: unknown, shown: unknown): boolean {
  if (typeof meant === "function") return (meant as (shown: unknown) => boolean)(shown);
  if (atLeast.includes(property))
    return (meant as string[]).every((entry) => (shown as string[]).includes(entry));
  return isDeepStrictEqual(comparable(property, shown), comparable(property, meant));
}

/** What is not shown as it was meant, a line for each property. */
export function differences(meant: Shown, shown: Shown): string[] {
  const differing = Object.entries(meant).filter(
    ([property, value]) => !isMeant(property, value, shown[property]),
  );
  return differing.map(
    ([property, value]) => `${property} is ${JSON.stringify(shown[property])}, not ${JSON.stringify(value)}`,
  );
}
