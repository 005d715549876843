import { formatNumber, formatRatio } from "../lib/print.ts";
import { groupsOf, makerOf } from "./arms.ts";
import type { BarGroup } from "./picture.ts";
import type { Cell, RecordedTable } from "./runs.ts";
import { headOf } from "./tables.ts";

/** Some bars of a chart: one figure of each table whose title matches. */
interface Bars {
  table: RegExp;
  figure: RegExp;
  /** Only the arms that match. */
  arms?: RegExp;
}

/** A chart that answers one question. */
export interface Chart {
  /** The name of its file, without `.svg`. */
  file: string;
  bench: string;
  /** The part of the page with the chart, if it is not the part of the bench. */
  part?: string;
  question: string;
  bars: readonly Bars[];
  /** A sentence that says what you see, from the ratios of the arms that match, such as "1.02 to 1.08". */
  says?: { arms: RegExp; sentence(ratios: string): string };
}

const firstByte: Chart["says"] = {
  arms: /^(?:core|express|koa|fastify)$/,
  sentence: (ratios) => `With sockact, the first byte takes ${ratios} times as long as without it.`,
};

export const charts: readonly Chart[] = [
  {
    file: "failed",
    bench: "change",
    part: "first",
    question: "How many requests fail?",
    bars: [{ table: /^/, figure: /^failed/, arms: /^(?!.*(?:no change|kill))/ }],
  },
  {
    file: "change",
    bench: "change",
    question: "How long does a client wait?",
    bars: [{ table: /^/, figure: /^longest/ }],
  },
  {
    file: "wake",
    bench: "wake",
    question: "How long does a wake take?",
    bars: [
      { table: /^Wake/, figure: /^first byte/, arms: /^(?!faster|node,)/ },
      { table: /^Wake/, figure: /^first byte/, arms: /^node$|^faster/ },
    ],
    says: firstByte,
  },
  {
    file: "start",
    bench: "start",
    question: "How long does a start take?",
    bars: [{ table: /^/, figure: /^first byte/ }],
    says: firstByte,
  },
  {
    file: "throughput",
    bench: "throughput",
    question: "How many requests a second?",
    bars: [{ table: /^/, figure: /^throughput/, arms: /^(?!.*behind|gunicorn|puma)/i }],
    says: {
      arms: /^@sockact/,
      sentence: (ratios) => `With sockact, a server answers ${ratios} times as many requests as without it.`,
    },
  },
  {
    file: "proxies",
    bench: "throughput",
    question: "What does a proxy in front cost?",
    bars: [{ table: /^/, figure: /^throughput/, arms: /^Express|^@sockact\/express/ }],
    says: {
      arms: /behind/,
      sentence: (ratios) =>
        `Behind a proxy, Express answers ${ratios} times as many requests as with sockact and no proxy.`,
    },
  },
  {
    file: "memory",
    bench: "memory",
    question: "How much memory do apps take?",
    bars: [{ table: /apps/, figure: /^all apps/ }],
  },
];

/** The cells that a group of bars shows. */
interface Group {
  title: string;
  cells: Cell[];
}

/** What the bars of a chart show, and in which cells they come from. */
export interface Drawn {
  groups: BarGroup[];
  /** The values in words, for readers who can't see the chart. */
  description: string;
  /** A sentence that describes what you see, or nothing. */
  sentence: string;
}

/** Undefined if nothing in the chart was measured. */
export function drawn(chart: Chart, tables: readonly RecordedTable[]): Drawn | undefined {
  const filled = chart.bars.flatMap((bars) => tables.flatMap((table) => groupsOfBars(bars, table)));
  if (filled.length === 0) return undefined;
  return {
    groups: filled.map(({ title, cells }) => ({
      title,
      figure: `${headOf(cells[0]!.figure)}: ${cells[0]!.figure.better === "lower" ? "less" : "more"} is better`,
      bars: cells.map(({ arm, medians }) => ({
        name: arm,
        maker: makerOf(arm),
        value: medians.median,
        range: [medians.least, medians.most],
        text: formatNumber(medians.median),
      })),
    })),
    description: filled
      .map(({ title, cells }) => {
        const values = cells.map(({ arm, medians }) => `${arm} ${formatNumber(medians.median)}`);
        return `${title}, ${headOf(cells[0]!.figure)}: ${values.join("; ")}.`;
      })
      .join(" "),
    sentence:
      chart.says === undefined
        ? ""
        : ratiosSentence(
            chart.says,
            filled.flatMap(({ cells }) => cells),
          ),
  };
}

/** The cells of each matching figure. Arms that are compared with each other stand together. */
function groupsOfBars({ table: title, figure, arms = /^/ }: Bars, table: RecordedTable): Group[] {
  if (!title.test(table.title)) return [];
  const order = groupsOf(table).flat();
  return table.figures
    .filter(({ name }) => figure.test(name))
    .map(({ name }) => ({
      title: table.title,
      cells: order
        .filter((arm) => arms.test(arm))
        .flatMap((arm) => table.cells.find((cell) => cell.arm === arm && cell.figure.name === name) ?? []),
    }))
    .filter(({ cells }) => cells.length > 0);
}

function ratiosSentence(says: NonNullable<Chart["says"]>, cells: readonly Cell[]): string {
  const ratios = cells
    .filter(({ arm }) => says.arms.test(arm))
    .flatMap((cell) => cell.ratios?.median ?? [])
    .toSorted((a, b) => a - b)
    .map(formatRatio);
  if (ratios.length === 0) return "";
  return says.sentence([...new Set([ratios[0]!, ratios.at(-1)!])].join(" to "));
}
