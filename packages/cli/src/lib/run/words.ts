/** The options at the beginning of a command line, and the rest. */
export interface Words {
  /** Each option with its value, which is a separate word or follows `=`. */
  options: { name: string; value: string | undefined }[];
  /** The first word that is not an option, and everything after it. */
  rest: string[];
}

/**
 * Parses options up to the first other word, or to `--`. The value of a named option may be the next word.
 */
export function readWords(args: readonly string[], withValue: readonly string[]): Words {
  const options: Words["options"] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string;
    if (word === "--") return { options, rest: args.slice(at + 1) };
    if (!word.startsWith("-")) return { options, rest: args.slice(at) };
    const [, name = word, value] = /^(--[^=]+)=([^]*)$/.exec(word) ?? [];
    const hasNext = value === undefined && withValue.includes(name);
    if (hasNext) at++;
    options.push({ name, value: hasNext ? args[at] : value });
  }
  return { options, rest: [] };
}
