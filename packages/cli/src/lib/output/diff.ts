import { createTwoFilesPatch } from "diff";
import { colourOut } from "./print.ts";

/** The changes in a file, in the format of patch(1). */
export function unifiedDiff(
  before: { path: string; text: string },
  after: { path: string; text: string },
): string {
  const context = { context: 3 };
  const diff = createTwoFilesPatch(
    before.path,
    after.path,
    before.text,
    after.text,
    undefined,
    undefined,
    context,
  );
  // The first line is a ruler that patch(1) does not need.
  return diff.replace(/^=+\n/, "");
}

/** The lines of a diff, with the colors of git. */
export function colouredDiff(diff: string): string {
  return diff.replaceAll(/^.*$/gm, (line) => {
    if (/^(?:---|\+\+\+) /.test(line)) return colourOut("bold", line);
    if (line.startsWith("@@")) return colourOut("cyan", line);
    if (line.startsWith("-")) return colourOut("red", line);
    return line.startsWith("+") ? colourOut("green", line) : line;
  });
}
