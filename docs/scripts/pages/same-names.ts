/** Throws if a table of a page has not the names that the package has. */
export function sameNames(table: string, named: readonly string[], known: readonly string[]): void {
  const missing = known.filter((name) => !named.includes(name));
  const wrong = named.filter((name, index) => !known.includes(name) || named.indexOf(name) !== index);
  if (missing.length > 0) throw new Error(`Add to ${table}: ${missing.join(", ")}`);
  if (wrong.length > 0) throw new Error(`Unknown or twice in ${table}: ${wrong.join(", ")}`);
}
