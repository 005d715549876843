/**
 * A string in which systemd expands the specifiers of systemd.unit(5), such as `%i`, the instance of a
 * template. `%%` is a percent sign.
 *
 * In all other strings, a `%` is literal.
 */
export interface Specifier {
  /** The string with its specifiers: `/srv/%i/env`. */
  readonly specifier: string;
}

/** A literal string, or a `Specifier`. */
export type Text = string | Specifier;

/** An example value for each specifier, for checks of the expanded string. */
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

/** The first `%` that does not begin a specifier, with the next character, or `undefined`. */
export function unknownSpecifier({ specifier }: Specifier): string | undefined {
  return [...specifier.matchAll(/%([^]?)/gu)].find(([, letter]) => !Object.hasOwn(samples, letter!))?.[0];
}

/** An example of the expanded string. */
export function sampleText(text: Text): string {
  return typeof text === "string"
    ? text
    : text.specifier.replace(/%(.)/gu, (_, letter: string) => samples[letter] ?? "");
}

/** The string as in the description, for messages. */
export function sourceText(text: Text): string {
  return typeof text === "string" ? text : text.specifier;
}

/** The string with a literal prefix. */
export function withPrefix(prefix: string, text: Text): Text {
  return typeof text === "string"
    ? prefix + text
    : { specifier: prefix.replaceAll("%", "%%") + text.specifier };
}
