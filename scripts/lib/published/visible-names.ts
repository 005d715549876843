/**
 * The names in a published file that users meet, whether or not a type has them: the environment variables
 * that it reads, and the codes of its errors and warnings, which are strings or keys that begin as ours do.
 * `event NAME` is an event that the file emits. A variable that has the environment is called `env` by our
 * convention.
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
