/** A unit's properties in the form of `systemctl show`. */
export type Properties<Name extends string> = Record<Name, string>;

/**
 * Parses the output of `systemctl show` for a unit. A repeated property, such as `Listen`, becomes one line
 * per value.
 */
function parseProperties<Name extends string>(printed: string): Properties<Name> {
  const properties: Partial<Properties<Name>> = {};
  let name = "" as Name;
  for (const line of printed.split("\n")) {
    const [isProperty, key = name, value = line] = /^([A-Z]\w*)=(.*)$/s.exec(line) ?? [];
    if (isProperty) name = key as Name;
    const earlier = properties[name];
    properties[name] = earlier === undefined ? value : `${earlier}\n${value}`;
  }
  return properties as Properties<Name>;
}

/** Whether each line is a property, and no property is split: no line is part of a value. */
function isPlain(block: string): boolean {
  const names = block.split("\n").map((line) => /^([A-Z]\w*)=/.exec(line)?.[1]);
  const changes = names.filter((name, index) => name !== names[index - 1]);
  return !names.includes(undefined) && new Set(changes).size === changes.length;
}

/** Runs `systemctl show` with these arguments, and resolves to its output. */
type Show = (...args: string[]) => Promise<string>;

/**
 * The properties of several units, in order.
 *
 * systemctl prints the words of `ExecStart=` unquoted, and a line break in them may look like another
 * property or the end of a unit. In that case, each unit and each of its commands is read separately.
 */
export async function showUnits<Name extends string>(
  show: Show,
  units: readonly string[],
  options: readonly string[],
): Promise<Properties<Name>[]> {
  const blocks = (await show(...options, "--", ...units)).trim().split("\n\n");
  if (blocks.length === units.length && blocks.every(isPlain))
    return blocks.map((block) => parseProperties<Name>(block));
  const found: Properties<Name>[] = [];
  for (const unit of units) found.push(await showUnit(show, unit, options));
  return found;
}

async function showUnit<Name extends string>(
  show: Show,
  unit: string,
  options: readonly string[],
): Promise<Properties<Name>> {
  let rest = (await show(...options, "--", unit)).trim();
  if (isPlain(rest)) return parseProperties(rest);
  const commands: [string, string][] = [];
  for (const name of new Set(rest.match(/^Exec\w+(?==)/gm)))
    commands.push([name, (await show(`--property=${name}`, "--", unit)).trim()]);
  // One may be a part of another.
  for (const [, text] of commands.toSorted(([, one], [, other]) => other.length - one.length))
    rest = rest.replace(text, () => "");
  const values = commands.map(([name, text]) => [name, text.replaceAll(new RegExp(`^${name}=`, "gm"), "")]);
  return { ...parseProperties(rest.replaceAll(/\n{2,}/g, "\n").trim()), ...Object.fromEntries(values) };
}

/** The words of a list, such as `TriggeredBy`. systemctl quotes words with a backslash or space. */
export function listOf(value: string): string[] {
  return Array.from(value.matchAll(/"((?:\\.|[^"\\])*)"|\S+/gs), ([word, quoted]) =>
    quoted === undefined ? word : quoted.replaceAll(/\\(.)/gs, "$1"),
  );
}

/**
 * The first command of `ExecStart`. systemctl prints no quotes, so a word with a space looks like several
 * words.
 */
export function commandOf(value = ""): { path: string; line: string } | undefined {
  const [, path, line] = /^\{ path=(.*?) ; argv\[\]=(.*?) ; (?:ignore_errors|flags)=/ms.exec(value) ?? [];
  return path === undefined || line === undefined ? undefined : { path, line };
}
