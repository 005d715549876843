/** A unit's properties, as `systemctl show` names and prints them. */
export type Properties<Name extends string> = Record<Name, string>;

/** Reads what `systemctl show` prints of several units, in their order. A property that it prints several times, such as `Listen`, is one line for each. */
export function parseProperties<Name extends string>(printed: string): Properties<Name>[] {
  // A value may have several lines, and an empty one among them.
  return printed
    .trim()
    .split(/\n\n(?=[A-Z]\w*=)/)
    .map((block) => {
      const properties: Partial<Properties<Name>> = {};
      let name = "" as Name;
      for (const line of block.split("\n")) {
        const [isProperty, key = name, value = line] = /^([A-Z]\w*)=(.*)$/s.exec(line) ?? [];
        if (isProperty) name = key as Name;
        const earlier = properties[name];
        properties[name] = earlier === undefined ? value : `${earlier}\n${value}`;
      }
      return properties as Properties<Name>;
    });
}
