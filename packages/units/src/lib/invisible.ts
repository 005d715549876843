/**
 * Characters that an editor does not show, or that change the order of other characters. The joiners U+200C
 * and U+200D are allowed: some languages and emoji need them.
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
