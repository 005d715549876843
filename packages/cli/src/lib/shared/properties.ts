/** A unit's properties, as `systemctl show` names and prints them. */
export type Properties<Name extends string> = Record<Name, string>;

/** Reads what `systemctl show` prints of several units, in their order. A property that it prints several times, such as `Listen`, is one line for each. */
export function parseProperties<Name extends string>(printed: string): Properties<Name>[] {
  return printed
    .trim()
    .split("\n\n")
    .map((block) => {
      const properties: Partial<Properties<Name>> = {};
      for (const line of block.split("\n")) {
        const at = line.indexOf("=");
        const name = line.slice(0, at) as Name;
        const earlier = properties[name];
        const value = line.slice(at + 1);
        properties[name] = earlier === undefined ? value : `${earlier}\n${value}`;
      }
      return properties as Properties<Name>;
    });
}
