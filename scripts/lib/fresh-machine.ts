import { stripVTControlCharacters } from "node:util";

/** A new machine of `npm run test:fresh`. */
export interface Place {
  name: string;
  /** The packages beyond those of a minimal Debian. */
  packages: string[];
  user: "root" | "user";
  /** The rights of root: all, or those in a container without options. */
  powers: "machine" | "container";
  copy: "clone" | "archive";
}

const known: readonly Place[] = [
  { name: "root", packages: [], user: "root", powers: "container", copy: "clone" },
  { name: "user", packages: [], user: "user", powers: "container", copy: "archive" },
  { name: "systemd", packages: ["systemd"], user: "root", powers: "machine", copy: "clone" },
];

/**
 * Reads the arguments of `npm run test:fresh`: first places, then arguments for vitest.
 *
 * @throws for a word that is neither a place nor a path nor an option.
 */
export function readFreshArguments(args: readonly string[]): {
  help: boolean;
  places: readonly Place[];
  vitest: string[];
} {
  const help = args.includes("--help") || args.includes("-h");
  // A filter of Vitest is a path, so it has a slash or a dot. An option of Vitest begins with a dash.
  const other = args.findIndex((arg) => !/^\w+$/.test(arg));
  const named = other === -1 ? args : args.slice(0, other);
  const unknown = named.find((name) => !known.some((place) => place.name === name));
  if (unknown !== undefined && !help)
    throw new Error(
      `The place ${unknown} does not exist: name ${known.map(({ name }) => name).join(", ")}, or none for all. Write test files as paths, such as packages/units.`,
    );
  const places = known.filter(({ name }) => named.length === 0 || named.includes(name));
  return { help, places, vitest: args.slice(named.length) };
}

/** The names of the failed tests and commands in the output of the tests, each once. */
export function failuresIn(output: string): string[] {
  const lines = stripVTControlCharacters(output).split("\n");
  const names = lines.flatMap((line) => /^ ?(?:FAIL|FAILED) {2}(\S.*)$/.exec(line)?.[1]?.trim() ?? []);
  return [...new Set(names)];
}
