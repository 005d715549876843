import MarkdownIt from "markdown-it";

/** A fenced block of a page. */
export interface Block {
  /** The path of the page in the repository. */
  readonly page: string;
  /** The line of the opening fence, counted from 1. */
  readonly line: number;
  /** The word after the opening fence, such as `js`; empty if there is none. */
  readonly language: string;
  readonly code: string;
  /** The heading above the block. Units under one heading belong together. */
  readonly heading: string;
  /** The comments right before the block, such as `from: examples/express/server.js`. */
  readonly notes: readonly string[];
  /** The spaces before the fence, for a block in a list. */
  readonly indent: number;
  /**
   * The lines of the page between the two fences: the index of the first one, and of the one after the last.
   */
  readonly inside: readonly [number, number];
}

const markdown = new MarkdownIt({ html: true });

const comment = /<!--\s*([^]*?)\s*-->/g;

/** Every fenced block of a page, in the order of the page. */
export function blocksOf(page: string, text: string): Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  let heading = "";
  let notes: string[] = [];
  const tokens = markdown.parse(text, {});
  for (const [index, token] of tokens.entries()) {
    if (token.type === "heading_open") heading = tokens[index + 1]!.content;
    if (token.type === "fence") {
      const [start, end] = token.map!;
      blocks.push({
        page,
        line: start + 1,
        language: token.info.trim().split(/[\s{]/)[0]!,
        code: token.content,
        heading,
        notes,
        indent: lines[start]!.search(/[`~]/),
        inside: [start + 1, end - 1],
      });
    }
    if (token.type === "html_block")
      notes.push(...Array.from(token.content.matchAll(comment), ([, note]) => note!));
    else notes = [];
  }
  return blocks;
}

/** The keywords of comments before a block. */
export const keywords: readonly string[] = ["from", "lint finds", "ESM only", "not run"];

/** The value of a comment before the block: `noteOf(block, "from")` of `<!-- from: PATH -->` is `PATH`. */
export function noteOf({ notes }: Pick<Block, "notes">, keyword: string): string | undefined {
  const note = notes.find((text) => text.startsWith(`${keyword}:`));
  return note?.slice(keyword.length + 1).trim();
}

/** The place of a block, for a message. */
export const placeOf = ({ page, line }: Pick<Block, "page" | "line">): string => `${page}:${line}`;

/** The commands in a page's sentences, such as `sockact status`, with their lines. */
export function inlineCommandsOf(text: string): { line: number; command: string }[] {
  return markdown
    .parse(text, {})
    .flatMap(({ children, map }) =>
      (children ?? [])
        .filter(
          ({ type, content }) =>
            type === "code_inline" && /^(?:sudo |npx )*(?:sockact|systemctl|journalctl) /.test(content),
        )
        .map(({ content }) => ({ line: (map?.[0] ?? 0) + 1, command: content })),
    );
}
