/**
 * Splits a line into words as a shell does. Spaces separate words, unless they are quoted or escaped. Returns
 * `undefined` if a quote is not closed.
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  const part = /\s+|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|[^\s'"\\]+/gsy;
  let word: string | undefined;
  for (let match = part.exec(line); match !== null; match = part.exec(line)) {
    const [all, single, double, escaped] = match;
    if (/^\s/.test(all)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + (single ?? double?.replaceAll(/\\(["\\$`])/g, "$1") ?? escaped ?? all);
    }
    if (part.lastIndex === line.length) return word === undefined ? words : [...words, word];
  }
  return line === "" ? [] : undefined;
}

/** The variables in a field with one `NAME=value` in each line. A line without `=` has no value. */
export function variablesOf(text: string): (readonly [name: string, value: string | undefined])[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const [, name = line, value] = /^([^=]*)=(.*)$/s.exec(line) ?? [];
    return [name.trim(), value];
  });
}

/** Quotes a word for a shell, if it needs quotes. */
export function quoteWord(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
