/** The words after the options. The value of a `valued` option is the next word. */
export function afterOptions(words: readonly string[], valued: readonly string[]): readonly string[] {
  let at = 0;
  while (at < words.length && words[at]!.startsWith("-")) {
    if (words[at] === "--") return words.slice(at + 1);
    at += valued.includes(words[at]!) ? 2 : 1;
  }
  return words.slice(at);
}

export function optionValue(words: readonly string[], names: readonly string[]): string | undefined {
  return optionValues(words, names)[0];
}

/** The values of a repeatable option, as `-e a` or `-e=a`. */
export function optionValues(words: readonly string[], names: readonly string[]): string[] {
  return words.flatMap((word, at) =>
    names.includes(word.split("=")[0]!) ? (/=(.*)/s.exec(word)?.[1] ?? words[at + 1] ?? []) : [],
  );
}

/** The words of a shell command. Only quotes are interpreted. */
export function wordsOf(text: string): string[] {
  return (text.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? []).map((word) =>
    word.replace(
      /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g,
      (_, double?: string, single?: string, char?: string) =>
        double === undefined ? (single ?? char ?? "") : double.replace(/\\(.)/g, "$1"),
    ),
  );
}
