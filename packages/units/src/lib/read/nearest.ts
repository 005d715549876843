/** How many characters are to be added, taken out or changed. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at += 1) {
    const next = [at];
    for (let to = 1; to <= other.length; to += 1) {
      next.push(
        Math.min(row[to]! + 1, next[to - 1]! + 1, row[to - 1]! + (one[at - 1] === other[to - 1] ? 0 : 1)),
      );
    }
    row = next;
  }
  return row[other.length]!;
}

/** The name that is likely meant, whatever its case; `undefined` if none is near. */
export function nearest(name: string, among: Iterable<string>): string | undefined {
  const lower = name.toLowerCase();
  const [best] = [...among]
    .filter((candidate) => Math.abs(candidate.length - name.length) <= 2)
    .map((candidate) => ({ candidate, far: distance(lower, candidate.toLowerCase()) }))
    .filter(({ candidate, far }) => far <= Math.min(2, candidate.length / 4))
    .toSorted((one, other) => one.far - other.far);
  return best?.candidate;
}
