import { colourOut } from "../output/print.ts";

/** Converts the Markdown of the docs for the terminal: code is coloured, and the address of a link is in parentheses. */
export function plain(markdown: string): string {
  return (
    markdown
      .replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, "$1 ($2)")
      .replaceAll(/\*\*([^*]+)\*\*/g, (_, text: string) => colourOut("bold", text))
      // A line may break inside of the code, so each word gets its own colour codes.
      .replaceAll(/`([^`]+)`/g, (_, code: string) =>
        code
          .split(" ")
          .map((word) => colourOut("cyan", word))
          .join(" "),
      )
  );
}
