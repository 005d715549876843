/** A word as a shell takes it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Words as one writes them for a shell. */
export const shellText = (words: readonly string[]): string => words.map(shellWord).join(" ");
