/**
 * A string in which systemd expands the specifiers of systemd.unit(5), such as `%i`, the instance of a
 * template. `%%` is a percent sign.
 *
 * All other strings are literal: a `%` in them is a percent sign.
 */
export interface Specifier {
  /** The string with its specifiers: `/srv/%i/env`. */
  readonly specifier: string;
}

/** A literal string or, as a `Specifier`, a string with specifiers. */
export type Text = string | Specifier;

/** An example value for each specifier, so that a string with one can be checked like any other. */
const samples: Readonly<Record<string, string>> = {
  "%": "%",
  C: "/var/cache",
  d: "/run/credentials/1",
  D: "/usr/share",
  E: "/etc",
  f: "/1",
  h: "/home/1",
  L: "/var/log",
  s: "/bin/sh",
  S: "/var/lib",
  t: "/run",
  T: "/tmp",
  V: "/var/tmp",
  y: "/etc/systemd/system/1",
  Y: "/etc/systemd/system",
  ...Object.fromEntries("aAbBgGHiIjJlmMnNopPquUvwW".split("").map((letter) => [letter, "1"])),
};

export function isSpecifier(value: unknown): value is Specifier {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.keys(value).join() === "specifier" &&
    typeof (value as { specifier: unknown }).specifier === "string"
  );
}

/**
 * The first `%` of the string that does not begin a specifier, with the character after it. `undefined` if
 * there is none.
 */
export function unknownSpecifier({ specifier }: Specifier): string | undefined {
  return [...specifier.matchAll(/%([^]?)/gu)].find(([, letter]) => !Object.hasOwn(samples, letter!))?.[0];
}

/** An example of the string after systemd has expanded it. */
export function sampleText(text: Text): string {
  return typeof text === "string"
    ? text
    : text.specifier.replace(/%(.)/gu, (_, letter: string) => samples[letter] ?? "");
}

/** The string as the description has it, for messages. */
export function sourceText(text: Text): string {
  return typeof text === "string" ? text : text.specifier;
}

/** The string with a literal one before it. */
export function withPrefix(prefix: string, text: Text): Text {
  return typeof text === "string"
    ? prefix + text
    : { specifier: prefix.replaceAll("%", "%%") + text.specifier };
}
