import type { Run } from "./screen.ts";

const LINE = 19;
const CHARACTER = 8.4;
const MARGIN = 16;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The colours of our programs, for a light and a dark page. Each has a contrast of at least 4.5. */
const colours: Readonly<Record<number, readonly [name: string, light: string, dark: string]>> = {
  1: ["red", "#b42318", "#ff8f87"],
  2: ["green", "#116329", "#7ee2a0"],
  3: ["yellow", "#7d4e00", "#e8c268"],
  6: ["cyan", "#0a5c7a", "#7fd3f0"],
};

const style = (index: 1 | 2): string =>
  Object.values(colours)
    .map((colour) => `.${colour[0]}{fill:${colour[index]}}`)
    .join("");

function tspanOf({ column, text, bold, dim, colour }: Run): string {
  const names = [bold && "bold", dim && "dim", colour !== undefined && colours[colour]?.[0]].filter(Boolean);
  const look = names.length === 0 ? "" : ` class="${names.join(" ")}"`;
  // The position of each run replaces the spaces, because a reader's font may be wider or narrower.
  const x = MARGIN + column * CHARACTER;
  const width = text.length * CHARACTER;
  return `<tspan x="${x.toFixed(1)}" textLength="${width.toFixed(1)}"${look}>${escaped(text)}</tspan>`;
}

/**
 * A picture of a terminal, as SVG. It follows the reader's preference for a light or a dark page.
 *
 * @param title what the picture shows, for readers who can't see it
 * @param times when each line appears, in seconds. For readers who prefer reduced motion, all lines appear at
 *   once. By default, nothing moves
 */
export function pictureOf(
  lines: readonly (readonly Run[])[],
  columns: number,
  title: string,
  times: readonly number[] = [],
): string {
  const width = Math.ceil(columns * CHARACTER + 2 * MARGIN);
  const height = lines.length * LINE + 2 * MARGIN;
  const rows = lines
    .map((runs, row) => {
      const time = times[row];
      const delay = time === undefined ? "" : ` style="animation-delay:${time.toFixed(2)}s"`;
      return `<text y="${MARGIN + row * LINE + 14}"${delay}>${runs.map(tspanOf).join("")}</text>`;
    })
    .filter((text) => text.includes("<tspan"));
  const motion =
    times.length === 0
      ? ""
      : "\n@media (prefers-reduced-motion:no-preference){text{animation:appear .15s both}}@keyframes appear{from{opacity:0}}";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">${escaped(title)}</title>
<style>
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre;fill:#1f2328}
.page{fill:#f6f8fa;stroke:#d1d9e0}.bold{font-weight:700}.dim{fill:#59636e}${style(1)}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#161b22;stroke:#3d444d}.dim{fill:#9198a1}${style(2)}}${motion}
</style>
<rect class="page" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>
${rows.join("\n")}
</svg>
`;
}

/** The lines of text in a picture, without empty ones. */
export function textOfPicture(svg: string): string[] {
  return Array.from(svg.matchAll(/<text y[^>]*>(.*)<\/text>/g), ([, row]) => {
    let line = "";
    for (const [, x, text] of row!.matchAll(/<tspan x="([\d.]+)"[^>]*>([^<]*)/g)) {
      const column = Math.round((Number(x) - MARGIN) / CHARACTER);
      line =
        line.padEnd(column) + text!.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
    }
    return line;
  });
}
