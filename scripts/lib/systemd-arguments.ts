export interface SystemdArguments {
  help: boolean;
  fresh: boolean;
  /** The releases of Debian to run on. */
  suites: string[];
  /** The arguments for vitest. */
  vitest: string[];
  /** Whether vitest runs only the tests of some names, and so skips the others. */
  filtersNames: boolean;
}

/**
 * Reads the arguments of `npm run test:on-systemd`: first versions or releases, then arguments for vitest.
 *
 * @throws for a version or a release that is not in the table.
 */
export function readSystemdArguments(
  args: readonly string[],
  suites: Readonly<Record<string, string>>,
): SystemdArguments {
  const options = ["--fresh", "--help", "-h"];
  const given = args.filter((arg) => !options.includes(arg));
  const known = new Map(
    Object.entries(suites).flatMap(([version, suite]) => [
      [version, suite],
      [suite, suite],
    ]),
  );
  // A filter of vitest is a path, so it has a slash or a dot; an option of vitest begins with a dash.
  const other = given.findIndex((arg) => !/^\w+$/.test(arg));
  const named = other === -1 ? given : given.slice(0, other);
  const unknown = named.find((name) => !known.has(name));
  if (unknown !== undefined) {
    const list = Object.entries(suites).map(([version, suite]) => `${version} (${suite})`);
    throw new Error(
      `The tests can't run on systemd ${unknown}: name ${list.join(", ")}, or none for all. Write test files as paths, such as packages/units.`,
    );
  }
  return {
    help: args.includes("--help") || args.includes("-h"),
    fresh: args.includes("--fresh"),
    suites: [...new Set(named.length > 0 ? named.map((name) => known.get(name)!) : Object.values(suites))],
    vitest: given.slice(named.length),
    filtersNames: given.some((arg) => /^(-t|--testNamePattern)(=|$)/.test(arg)),
  };
}
