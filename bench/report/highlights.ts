import { formatNumber, formatRatio } from "../lib/print.ts";
import type { RecordedTable } from "./runs.ts";

/** The tables of each bench, by its name. */
export type Tables = ReadonlyMap<string, readonly RecordedTable[]>;

/** A figure of an arm, or its ratio to the arm that it is compared with. */
type Place = [bench: string, table: RegExp, arm: string, figure: string, ratio?: "ratio"];

/** The main results. Each `{}` is the figure of a place, in this order. */
const firstLines: readonly { text: string; places: readonly Place[] }[] = [
  {
    text: "**Failed requests in a deploy:** {} with a handover, {} with a rolling restart and {} with a restart by sockact. `pm2 reload`, as its docs show, loses {}. A restart of an app that opens the port itself loses {}.",
    places: [
      ["change", /^/, "sockact, handover", "failed"],
      ["change", /^/, "sockact, rolling restart", "failed"],
      ["change", /^/, "sockact, restart", "failed"],
      ["change", /^/, "pm2 7.0.4 reload, as its docs show", "failed"],
      ["change", /^/, "listen(80), restart", "failed"],
    ],
  },
  {
    text: "**First byte of a sleeping Express app:** after {} ms with sockact on Node 26, and after {} ms without it on the same kind of socket. With a bundle and a compile cache, after {} ms.",
    places: [
      ["wake", /^Wake on Node 26/, "express", "first byte"],
      ["wake", /^Wake on Node 26/, "express-node", "first byte"],
      ["wake", /^Wake on Node 26/, "faster express: Rolldown, cached", "first byte"],
    ],
  },
  {
    text: "**Memory of 100 Express apps:** {} MB while they sleep, and {} MB if they are always on.",
    places: [
      ["memory", /^Many/, "100 apps, asleep", "all apps"],
      ["memory", /^Many/, "100 apps, always on", "all apps"],
    ],
  },
  {
    text: "**Cost of a request:** {} times the instructions of `node:http`, and {} times those of Express. Behind nginx, Express answers {} times as many requests as with sockact and no proxy.",
    places: [
      ["instructions", /of a request/, "core", "instructions", "ratio"],
      ["instructions", /of a request/, "express", "instructions", "ratio"],
      ["throughput", /^/, "Express behind nginx", "throughput", "ratio"],
    ],
  },
  {
    text: "**Where sockact is slower:** at the start. The shortest sleeping server answers after {} ms with sockact, {} ms with bare Node, and {} ms with the package systemd-socket, which only reads a variable.",
    places: [
      ["wake", /^Wake on Node 26/, "core", "first byte"],
      ["wake", /^Wake on Node 26/, "node", "first byte"],
      ["wake", /^Wake on Node 26/, "systemd-socket", "first byte"],
    ],
  },
];

/** The first lines of the page, without those with a figure that no run measured. */
export function firstLinesOf(tables: Tables): string {
  const lines = firstLines.flatMap(({ text, places }) => {
    const values = places.map((place) => valueAt(place, tables));
    return values.includes(undefined) ? [] : [`- ${text.replaceAll("{}", () => values.shift()!)}`];
  });
  return lines.join("\n");
}

function valueAt([bench, title, arm, figure, ratio]: Place, tables: Tables): string | undefined {
  const cell = tables
    .get(bench)
    ?.filter((table) => title.test(table.title))
    .flatMap(({ cells }) => cells)
    .find((each) => each.arm === arm && each.figure.name === figure);
  if (ratio) return cell?.ratios && formatRatio(cell.ratios.median);
  return cell && formatNumber(cell.medians.median);
}

/** Some rows and columns of a table. */
interface Excerpt {
  table: RegExp;
  figures: RegExp;
  arms: RegExp;
}

/** What the short page shows of the tables of a bench. */
const excerpts: Readonly<Record<string, readonly Excerpt[]>> = {
  change: [
    {
      table: /^/,
      figures: /^(?:failed|lost|longest)/,
      arms: /^sockact, (?:handover|rolling|restart)|as its docs show$|^listen\(80\)/,
    },
  ],
  wake: [
    {
      table: /^Wake on Node 26/,
      figures: /^first byte/,
      arms: /^(?:node|core|systemd-socket|express-node|express)$|Rolldown, cached$/,
    },
  ],
  start: [{ table: /Node 26/, figures: /^first byte/, arms: /^(?:node|core|systemd|express-node|express)$/ }],
  throughput: [
    { table: /^/, figures: /^throughput/, arms: /^(?:Express|@sockact\/express)(?!.*(?:haproxy|proxyd))/ },
  ],
  instructions: [{ table: /of a request/, figures: /^/, arms: /^(?:node|core|express-node|express)$/ }],
  memory: [
    { table: /^Many/, figures: /^(?:processes|all apps|own)/, arms: /^/ },
    { table: /^Memory of one/, figures: /^(?:RSS|heap) over/, arms: /^/ },
  ],
};

/** The rows that the short page shows of the tables of a bench. */
export function excerptsOf(bench: string, tables: readonly RecordedTable[]): RecordedTable[] {
  return (excerpts[bench] ?? []).flatMap(({ table: title, figures, arms }) =>
    tables
      .filter((table) => title.test(table.title))
      .map((table) => ({
        ...table,
        figures: table.figures.filter(({ name }) => figures.test(name)),
        arms: table.arms.filter(({ name }) => arms.test(name)),
        cells: table.cells.filter(({ arm, figure }) => arms.test(arm) && figures.test(figure.name)),
      })),
  );
}
