/** The length in UTF-8. TextEncoder is not available everywhere. */
export function byteLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0)!;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}

/**
 * Why systemd can't read this string at all, or `undefined`.
 *
 * systemd ends a line at NUL. It rejects the whole unit if a line is not UTF-8 or contains a noncharacter
 * such as U+FFFE.
 */
export function unspeakable(text: string): string | undefined {
  if (text.includes("\0")) return "it contains a NUL byte";
  if (/\p{Surrogate}/u.test(text)) return "it is not valid UTF-8: it contains half of a surrogate pair";
  if (/\p{Noncharacter_Code_Point}/u.test(text)) return "it contains a Unicode noncharacter";
  return undefined;
}

/** Why this string can't be an unquoted value, or `undefined`. */
export function unfitForRaw(text: string): string | undefined {
  const character = /\p{Control}/u.exec(text)?.[0];
  if (character !== undefined) return `it contains the control character ${JSON.stringify(character)}`;
  if (text.endsWith("\\")) return "it ends in a backslash, so the next line would become part of it";
  if (text.startsWith(" ") || text.endsWith(" "))
    return "it begins or ends with a space, which systemd removes";
  return undefined;
}
