import xterm from "@xterm/headless";

/** Adjacent characters of a screen with the same style. */
export interface Run {
  /** The first column, counted from 0. */
  readonly column: number;
  readonly text: string;
  readonly bold: boolean;
  readonly dim: boolean;
  /** The number of one of the 16 colours of a terminal, or `undefined` for the default one. */
  readonly colour: number | undefined;
}

type Line = NonNullable<ReturnType<xterm.Terminal["buffer"]["active"]["getLine"]>>;

/** The runs of a line, without trailing space. */
function runsOf(line: Line): Run[] {
  const runs: { column: number; text: string; bold: boolean; dim: boolean; colour: number | undefined }[] =
    [];
  const { length } = line.translateToString(true);
  for (let column = 0; column < length; column++) {
    const cell = line.getCell(column)!;
    const look = {
      bold: cell.isBold() !== 0,
      dim: cell.isDim() !== 0,
      colour: cell.isFgPalette() ? cell.getFgColor() : undefined,
    };
    const last = runs.at(-1);
    const isSame = last?.bold === look.bold && last.dim === look.dim && last.colour === look.colour;
    if (isSame) last.text += cell.getChars() || " ";
    else runs.push({ column, text: cell.getChars() || " ", ...look });
  }
  return runs.filter(({ text }) => text.trim() !== "");
}

/** The lines, with colours, that a terminal shows after this output. Long lines wrap. */
export async function screenOf(printed: string, columns: number): Promise<Run[][]> {
  const terminal = new xterm.Terminal({ cols: columns, rows: 24, scrollback: 1000, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(printed, resolve));
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, row) => runsOf(active.getLine(row)!));
  terminal.dispose();
  return lines.slice(0, lines.findLastIndex((runs) => runs.length > 0) + 1);
}
