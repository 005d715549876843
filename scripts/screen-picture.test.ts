import { expect, test } from "vitest";
import { screenOf } from "./lib/screen.ts";
import { pictureOf, textOfPicture } from "./lib/screen-picture.ts";

const BOLD = "\u001B[1m";
const GREEN = "\u001B[32m";
const RESET = "\u001B[0m";

test("a screen has its colours, and wraps long lines", async () => {
  const lines = await screenOf(`${BOLD}name${RESET}  ${GREEN}yes${RESET}\r\n0123456789ab\r\n\r\n`, 10);
  expect(lines).toEqual([
    [
      { column: 0, text: "name", bold: true, dim: false, colour: undefined },
      { column: 6, text: "yes", bold: false, dim: false, colour: 2 },
    ],
    [{ column: 0, text: "0123456789", bold: false, dim: false, colour: undefined }],
    [{ column: 0, text: "ab", bold: false, dim: false, colour: undefined }],
  ]);
});

test("a picture has the same text again, with its title", async () => {
  const lines = await screenOf(`a  ${GREEN}<b> & c${RESET}\r\n\r\nd`, 20);
  const svg = pictureOf(lines, 20, "A <title>");
  expect(textOfPicture(svg)).toEqual(["a  <b> & c", "d"]);
  expect(svg).toContain('<title id="title">A &lt;title&gt;</title>');
  expect(svg).toContain('class="green"');
  expect(svg).toContain("prefers-color-scheme:dark");
});

test("the lines of a picture with times appear one after the other, unless the reader asked for less motion", async () => {
  const lines = await screenOf("a\r\nb", 20);
  const svg = pictureOf(lines, 20, "Title", [0, 1.5]);
  expect(textOfPicture(svg)).toEqual(["a", "b"]);
  expect(svg).toMatch(/animation-delay:0\.00s.*>a<[^]*animation-delay:1\.50s.*>b</);
  expect(svg).toContain("@media (prefers-reduced-motion:no-preference){text{animation:");
  expect(pictureOf(lines, 20, "Title")).not.toContain("animation");
});
