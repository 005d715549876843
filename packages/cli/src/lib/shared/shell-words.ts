/** Quotes a word for a shell. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Unit names as the last arguments of a command. A name may begin with a hyphen. */
export const unitWords = (units: readonly string[]): string =>
  `${units.some((unit) => unit.startsWith("-")) ? "-- " : ""}${shellText(units)}`;

/** Quotes words for a shell. */
export const shellText = (words: readonly string[]): string => words.map(shellWord).join(" ");
