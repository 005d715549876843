/** How many characters have to be added, removed or changed to make one string of the other. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 0; at < one.length; at += 1) {
    const next = [at + 1];
    for (let to = 1; to <= other.length; to += 1) {
      const changed = row[to - 1]! + (one[at] === other[to - 1] ? 0 : 1);
      next.push(Math.min(row[to]! + 1, next[to - 1]! + 1, changed));
    }
    row = next;
  }
  return row.at(-1)!;
}

/** The names that someone who wrote `name` may have meant, the most similar first; at most three. */
export function nearestNames(name: string, among: Iterable<string>): string[] {
  const lower = name.toLowerCase();
  return [...new Set(among)]
    .map((candidate) => ({ candidate, far: distance(lower, candidate.toLowerCase()) }))
    .filter(
      ({ candidate, far }) =>
        far <= Math.max(1, Math.min(3, Math.floor(candidate.length / 3))) ||
        (lower.length > 2 && candidate.toLowerCase().startsWith(lower)),
    )
    .toSorted((one, other) => one.far - other.far)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}
