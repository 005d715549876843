const marker = /^\s*(?:\/\/|#|<!--|\/\*)\s*#(region|endregion)\b\s*([\w.-]*)/;

/** Removes the indentation that all lines share. */
function dedent(lines: readonly string[]): string[] {
  const indents = lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/));
  const common = Math.min(...indents);
  return lines.map((line) => line.slice(common));
}

/**
 * The lines of a region, without its markers. Throws an `Error` unless the file has the region exactly once.
 */
function regionOf(lines: readonly string[], region: string): string[] {
  const starts = lines.flatMap((line, index) => {
    const [, kind, name] = marker.exec(line) ?? [];
    return kind === "region" && name === region ? [index] : [];
  });
  if (starts.length !== 1)
    throw new Error(`it has ${starts.length} regions with the name ${region}; it must have one`);
  const inside: string[] = [];
  let depth = 1;
  for (const line of lines.slice(starts[0]! + 1)) {
    const kind = marker.exec(line)?.[1];
    if (kind !== undefined) depth += kind === "region" ? 1 : -1;
    if (depth === 0) return inside;
    inside.push(line);
  }
  throw new Error(`the region ${region} has no end; add a line with #endregion ${region}`);
}

/**
 * What a page shows of a file: the whole file, or one region of it.
 *
 * @param text the content of the file
 * @param region the name after `#region`; the lines that mark regions are left out
 */
export function excerptOf(text: string, region: string | undefined): string {
  const lines = text.trimEnd().split("\n");
  const shown = region === undefined ? lines : dedent(regionOf(lines, region));
  const kept = shown.filter((line) => !marker.test(line)).join("\n");
  return `${kept.replace(/^\n+|\s+$/g, "")}\n`;
}
