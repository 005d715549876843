/** A bitmask of the letters in a name. */
function lettersOf(lower: string): number {
  let bits = 0;
  for (let at = 0; at < lower.length; at += 1) bits |= 1 << (lower.charCodeAt(at) & 31);
  return bits;
}

/** Whether two names have enough letters in common: all except those that two changes can add and remove. */
function looksLike(one: number, other: number): boolean {
  let differing = 0;
  for (let rest = one ^ other; rest !== 0; rest &= rest - 1) differing += 1;
  return differing <= 4;
}

/** The number of characters to add, remove or change. Two swapped neighbors count as one change. */
function distance(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at += 1) {
    const next = [at];
    for (let to = 1; to <= other.length; to += 1) {
      const isSwapped = at > 1 && to > 1 && one[at - 1] === other[to - 2] && one[at - 2] === other[to - 1];
      next.push(
        Math.min(
          row[to]! + 1,
          next[to - 1]! + 1,
          row[to - 1]! + (one[at - 1] === other[to - 1] ? 0 : 1),
          isSwapped ? before[to - 2]! + 1 : Infinity,
        ),
      );
    }
    before = row;
    row = next;
  }
  return row[other.length]!;
}

/**
 * Returns a function that finds the most similar name, ignoring case, or returns `undefined` if no name is
 * similar.
 */
export function nearestAmong(names: Iterable<string>): (name: string) => string | undefined {
  const candidates = [...names].map((name) => {
    const lower = name.toLowerCase();
    return { name, lower, letters: lettersOf(lower), most: Math.min(2, name.length / 4) };
  });
  return (name) => {
    const lower = name.toLowerCase();
    const letters = lettersOf(lower);
    let best: { name: string; far: number } | undefined;
    for (const candidate of candidates) {
      // Most names differ in too many letters. Checking that is faster than computing the distance.
      if (Math.abs(candidate.name.length - name.length) > 2 || !looksLike(letters, candidate.letters))
        continue;
      const far = distance(lower, candidate.lower);
      if (far <= candidate.most && (best === undefined || far < best.far))
        best = { name: candidate.name, far };
    }
    return best?.name;
  };
}

/** The most similar of these names, or else the first one that begins with the name. */
export function nearest(name: string, among: Iterable<string>): string | undefined {
  const names = [...among];
  const start = name.toLowerCase();
  const isLong = /\w{3}/.test(name);
  return (
    nearestAmong(names)(name) ??
    names.find((other) => isLong && other.toLowerCase().startsWith(start) && other.length > name.length)
  );
}
