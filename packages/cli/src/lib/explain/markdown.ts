import { colourOut } from "../output/print.ts";

/** Markdown of docs/ for the terminal: code is coloured, and a link is followed by its address. */
export function plain(markdown: string, url: string): string {
  return (
    markdown
      .replaceAll(
        /\[([^\]]+)\]\(([^)]+)\)/g,
        (_, text: string, target: string) => `${text} (${new URL(target, url).href})`,
      )
      .replaceAll(/\*\*([^*]+)\*\*/g, (_, text: string) => colourOut("bold", text))
      // Each word is coloured by itself, because a line may break after it.
      .replaceAll(/`([^`]+)`/g, (_, code: string) =>
        code
          .split(" ")
          .map((word) => colourOut("cyan", word))
          .join(" "),
      )
  );
}
