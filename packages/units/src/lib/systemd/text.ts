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
 * Why systemd cannot read this string at all, or `undefined`.
 *
 * systemd ends a line at NUL. It refuses the whole unit if a line is not UTF-8 or contains a noncharacter such as U+FFFE.
 */
export function unspeakable(text: string): string | undefined {
  if (text.includes("\0")) return "it contains a NUL byte";
  if (/\p{Surrogate}/u.test(text))
    return "it contains half of a surrogate pair, which a UTF-8 file cannot contain";
  if (/\p{Noncharacter_Code_Point}/u.test(text))
    return "it contains a code point that Unicode assigns to no character";
  return undefined;
}

/** Why this string cannot be a value that systemd reads without quotes, or `undefined`. */
export function unfitForRaw(text: string): string | undefined {
  const character = /\p{Control}/u.exec(text)?.[0];
  if (character !== undefined) return `it contains the control character ${JSON.stringify(character)}`;
  if (text.endsWith("\\")) return "it ends in a backslash, so the next line would become part of it";
  if (text.startsWith(" ") || text.endsWith(" "))
    return "it begins or ends with a space, which systemd drops";
  return undefined;
}

/**
 * Characters that an editor does not show, or that make it show the other characters in another order. The joiners U+200C and U+200D are not among them: words of
 * some languages, and emoji, are spelled with them.
 */
const invisible =
  /[\p{Bidi_Control}\u{ad}\u{180e}\u{200b}\u{2060}-\u{2064}\u{206a}-\u{206f}\u{feff}\u{e0000}-\u{e007f}]/gu;

export const hasInvisible = (text: string): boolean => text.search(invisible) >= 0;

export const withoutInvisible = (text: string): string => text.replaceAll(invisible, "");

/** Writes invisible characters as escapes, such as `\u202e`. */
export function showInvisible(text: string): string {
  return text.replaceAll(invisible, (character) => {
    const digits = character.codePointAt(0)!.toString(16).padStart(4, "0");
    return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits}`;
  });
}
