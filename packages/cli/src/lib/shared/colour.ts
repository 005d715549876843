import process from "node:process";
import { styleText } from "node:util";

/** A style of util.styleText(), or several. */
export type Style = Parameters<typeof styleText>[0];

/** Whether to color the output to this stream. Node reads TERM, and its values of FORCE_COLOR. */
function isColoured(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined) return ["", "1", "true", "2", "3"].includes(FORCE_COLOR);
  return stream.isTTY && stream.hasColors();
}

/** Returns a function that colors a string for this stream, if colors are enabled. */
export function colourFor(stream: "stdout" | "stderr"): (style: Style, text: string) => string {
  let coloured: boolean | undefined;
  return (style, text) => {
    coloured ??= isColoured(process[stream]);
    return coloured ? styleText(style, text, { validateStream: false }) : text;
  };
}
