import type { MarkdownRenderer } from "vitepress";

/** What fits into one line of a phone. */
const LONGEST = 32;

/**
 * A browser may break a line after each hyphen, and would show `node -` in one line and `-version` in the
 * next. This keeps the words of inline code together.
 */
export function keepWordsTogether(md: MarkdownRenderer): void {
  const render = md.renderer.rules.code_inline!;
  md.renderer.rules.code_inline = (...all) =>
    render(...all).replace(/(?<=>)[^<]+(?=<)/, (text) =>
      text.replaceAll(/[^\s]*-[^\s]*/g, (word) =>
        word.length > LONGEST ? word : `<span class="unbroken">${word}</span>`,
      ),
    );
}
