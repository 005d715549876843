import type { Text } from "./specifiers.ts";

// The rules of systemd.service(5) "Command lines", systemd.exec(5) Environment= and systemd.unit(5)
// "Specifiers".

const specifiers = (text: Text): string =>
  typeof text === "string" ? text.replaceAll("%", "%%") : text.specifier;

/**
 * Characters that systemd.syntax(7) reads literally between spaces, and that need no quotes to be readable.
 */
const plain = /^[\w@%+=:,./$-]+$/;

const named: Record<string, string> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\t": "\\t",
  "\r": "\\r",
};

function quoted(text: string): string {
  if (plain.test(text)) return text;
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  const body = text.replace(/[\\"\x01-\x1f\x7f]/g, (character) => {
    return named[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${body}"`;
}

/** A literal value up to the end of the line. */
export function unquotedValue(text: Text): string {
  return specifiers(text);
}

/** The first word of ExecStart=. systemd expands no variables in it. */
export function executable(path: Text): string {
  return quoted(specifiers(path));
}

/** Another word of ExecStart=. */
export function argument(text: Text): string {
  return quoted(specifiers(text).replaceAll("$", "$$$$"));
}

/** A word of a list with quotes: ReadWritePaths=, Environment=. */
export function listItem(text: Text): string {
  return quoted(specifiers(text));
}

/** A unit name in Sockets= and Also=. They remove single backslashes, unlike Requires= and After=. */
export function unescapedUnitName(name: string): string {
  return name.replaceAll("\\", "\\\\");
}

/** Each UTF-8 byte of a character, as in a unit name. TextEncoder is not available everywhere. */
function hexadecimal(character: string): string {
  const bytes = encodeURIComponent(/\p{Surrogate}/u.test(character) ? "\ufffd" : character);
  const escaped = bytes.startsWith("%") ? bytes : `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  return escaped.replaceAll("%", "\\x").toLowerCase();
}

/**
 * Escapes a string for a unit name, for example for an instance, as systemd-escape(1) does: `@shop/web`
 * becomes `\x40shop-web`.
 *
 * Half of a surrogate pair, which UTF-8 can't encode, becomes U+FFFD.
 */
export function escapeUnitName(text: string): string {
  return text.replace(/^\.|[^\w:./]/gu, hexadecimal).replaceAll("/", "-");
}

/**
 * A part of a unit name, escaped as systemd-escape(1) does, except that `-` needs no escape after a prefix.
 */
export function unitNamePart(text: string): string {
  return text.replace(/[^\w:.-]/gu, hexadecimal);
}
