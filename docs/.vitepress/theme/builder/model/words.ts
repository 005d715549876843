/** Splits a line into words as a shell does. Spaces separate words, unless they are quoted or escaped. Returns `undefined` if a quote is not closed. */
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

/** Quotes a word for a shell, if it needs quotes. */
export function quoteWord(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
