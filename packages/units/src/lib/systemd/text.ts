/** The length in UTF-8; TextEncoder is not everywhere this runs. */
export function byteLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0)!;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}

/**
 * Why systemd cannot be told this text at all, or `undefined`.
 *
 * It ends a line at NUL, and fails the whole unit at a line that is not UTF-8 or holds a noncharacter such as U+FFFE.
 */
export function unspeakable(text: string): string | undefined {
  if (text.includes("\0")) return "it holds a NUL byte";
  if (/\p{Surrogate}/u.test(text)) return "it holds half of a surrogate pair, which no UTF-8 file can";
  if (/\p{Noncharacter_Code_Point}/u.test(text))
    return "it holds a code point that Unicode assigns to no character";
  return undefined;
}

/** Why a value that systemd reads unquoted cannot be this text, or `undefined`. */
export function unfitForRaw(text: string): string | undefined {
  const character = /\p{Control}/u.exec(text)?.[0];
  if (character !== undefined) return `it holds the control character ${JSON.stringify(character)}`;
  if (text.endsWith("\\")) return "it ends in a backslash, which would swallow the next line";
  if (text.startsWith(" ") || text.endsWith(" "))
    return "it begins or ends with a space, which systemd drops";
  return undefined;
}
