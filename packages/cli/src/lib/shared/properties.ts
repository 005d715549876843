/** A unit's properties, as `systemctl show` names and prints them. */
export type Properties<Name extends string> = Record<Name, string>;

/** Reads what `systemctl show` prints of several units, in their order. */
export function parseProperties<Name extends string>(printed: string): Properties<Name>[] {
  return printed
    .trim()
    .split("\n\n")
    .map((block) => {
      const pairs = block.split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2));
      return Object.fromEntries(pairs) as Properties<Name>;
    });
}
