/**
 * The name that a misspelled name is near to, whatever its case, or else the first one that begins with it.
 * Undefined if there is no such name.
 */
export function nearest(name: string, among: readonly string[]): string | undefined {
  const [best] = among
    .map((candidate) => ({ candidate, far: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, far }) => far <= Math.min(3, candidate.length / 3))
    .toSorted((a, b) => a.far - b.far);
  return (
    best?.candidate ??
    among.find((candidate) => name.length > 2 && candidate.toLowerCase().startsWith(name.toLowerCase()))
  );
}

/** The number of characters to add, remove or change: the Levenshtein distance. */
function distance(written: string, meant: string): number {
  let row = Array.from({ length: meant.length + 1 }, (_, index) => index);
  for (const [at, character] of Array.from(written).entries()) {
    const next = [at + 1];
    for (let to = 1; to <= meant.length; to += 1) {
      const changed = (row[to - 1] as number) + (character === meant[to - 1] ? 0 : 1);
      next.push(Math.min((row[to] as number) + 1, (next[to - 1] as number) + 1, changed));
    }
    row = next;
  }
  return row[meant.length] as number;
}
