/** The name that is likely meant by a misspelt one, whatever its case; undefined when none is near. */
export function nearest(name: string, among: readonly string[]): string | undefined {
  const [best] = among
    .map((candidate) => ({ candidate, far: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, far }) => far <= Math.min(3, candidate.length / 3))
    .toSorted((one, other) => one.far - other.far);
  return best?.candidate;
}

/** How many characters are to be added, taken out or changed: the Levenshtein distance. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [at, character] of Array.from(one).entries()) {
    const next = [at + 1];
    for (let to = 1; to <= other.length; to += 1) {
      const changed = (row[to - 1] as number) + (character === other[to - 1] ? 0 : 1);
      next.push(Math.min((row[to] as number) + 1, (next[to - 1] as number) + 1, changed));
    }
    row = next;
  }
  return row[other.length] as number;
}
