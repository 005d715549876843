/**
 * The names in a published file that users see, with or without a type: the environment variables that it
 * reads, and its error and warning codes, which are strings or keys with our prefix. `event NAME` is an event
 * that the file emits. By our convention, a variable with the environment is called `env`.
 */
export function visibleNames(code: string): string[] {
  const taken = Array.from(
    code.matchAll(/\{([^{}]*)\}\s*=\s*(?:process\.)?env\b/g),
    ([, names = ""]) => names,
  );
  const found = [
    ...code.matchAll(/\benv(?:\?*\.(\w+)|\["(\w+)"\])/g),
    ...taken.flatMap((names) => [...names.matchAll(/(?:^|,)\s*(\w+)/g)]),
    ...code.matchAll(/(?:"|^\s*)((?:ERR|LISTEN|NOTIFY|SOCKACT|WATCHDOG)_[A-Z0-9_]+)(?:"|:)/gm),
  ];
  const events = Array.from(code.matchAll(/\.(?:emit|channel)\("([^"]+)"/g), ([, name]) => `event ${name}`);
  return [...found.map(([, name, quoted]) => name ?? quoted ?? ""), ...events];
}
