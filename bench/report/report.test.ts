import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Goal, MeasuredArm, MeasuredTable } from "../lib/measured.ts";
import type { Results } from "../lib/results.ts";
import { chartsFolder, pageFiles, recordedRuns, reportFrom } from "./files.ts";
import { partOf } from "../../scripts/lib/page-part.ts";
import { reportOf } from "./page.ts";

const FIGURE = "first byte";

/** A run of the bench "start" on an invented machine. */
function runOf(day: number, arms: MeasuredArm[], goals: Goal[] = [], load = 0.1): Results {
  const figures: MeasuredTable["figures"] = [
    { name: FIGURE, unit: "ms", better: "lower" },
    { name: "failed", unit: "", better: "lower" },
  ];
  return {
    date: `2026-11-0${day}T10:00:00.000Z`,
    commit: "abc1234",
    machine: {
      node: "v20.20.2",
      processor: "Test",
      cores: 2,
      memory: 4,
      kernel: "6.1",
      systemd: "257",
      virtualization: "none",
    },
    benches: [
      {
        name: "start",
        seconds: 61,
        noise: { load: [load, load], stolen: 0 },
        tables: [{ title: "Start", figures, arms, goals }],
      },
    ],
  };
}

function arm(name: string, values: number[], against = name, failed?: number[]): MeasuredArm {
  return { name, against, values: { [FIGURE]: values, ...(failed && { failed }) } };
}

/** Node takes 10 ms, and core takes so much longer in each of the runs. */
function runsWith(ratios: number[], goals: Goal[], peer = 30): Results[] {
  return ratios.map((ratio, index) =>
    runOf(
      index + 1,
      [
        arm("node", [10, 10, 10]),
        arm(
          "core",
          [10, 10, 10].map((value) => value * ratio),
          "node",
        ),
        arm("other | package", [peer, peer, peer], "node"),
      ],
      goals,
    ),
  );
}

const part = (name: string): string => `<!-- ${name} -->\n<!-- /${name} -->\n`;
const emptyPages = {
  page: ["first", "start"].map(part).join("\n"),
  data: ["runs", "goals", "better", "start"].map(part).join("\n"),
};
const textOf = (recorded: Results[]): string => reportOf(emptyPages, recorded).data;
const atMost = (limit: number): Goal => ({ arm: "core", figure: FIGURE, of: "ratio", atMost: limit });

describe("the pages of the benchmarks", () => {
  test("have the tables and the charts of the runs in bench/results, as npm run bench:report writes them", async () => {
    const { page, data, charts } = await reportFrom(recordedRuns);
    expect(readFileSync(pageFiles.page, "utf8")).toBe(page);
    expect(readFileSync(pageFiles.data, "utf8")).toBe(data);
    const files = existsSync(chartsFolder) ? readdirSync(chartsFolder) : [];
    expect(files.toSorted()).toEqual([...charts.keys()].toSorted());
    for (const [file, svg] of charts) expect(readFileSync(join(chartsFolder, file), "utf8")).toBe(svg);
  });

  test("have a part for each benchmark of the whole run, on the page of all figures", () => {
    const page = readFileSync(pageFiles.data, "utf8");
    const folder = join(import.meta.dirname, "../benches");
    const whole = readdirSync(folder).filter((name) => {
      const text = readFileSync(join(folder, name), "utf8");
      return text.includes("export const bench") && !text.includes("isExtra: true");
    });
    expect(whole.filter((name) => !page.includes(part(name.replace(".ts", "")).split("\n")[0]!))).toEqual([]);
  });

  test("say how to measure what no run has measured", () => {
    const { page, data } = reportOf(emptyPages, []);
    for (const text of [page, data])
      expect(text).toContain("No run is recorded yet. `npm run bench -- start` measures this.");
  });

  test("that lack a part are refused", () => {
    const start = part("start");
    expect(() => reportOf({ ...emptyPages, data: start }, [])).toThrow("no part for runs, goals, better");
    expect(() => reportOf({ ...emptyPages, page: start }, [])).toThrow("no part for first");
  });

  /** The cells of all rows of the tables, without bold type. */
  const rowsOf = (page: string): string[][] =>
    Array.from(page.matchAll(/^\|(?!.*---)(.*)\|$/gm), ([, row]) =>
      row!.split("|").map((cell) => cell.replaceAll("*", "").trim()),
    );

  test("begin with five lines whose figures are in the tables", async () => {
    const { page, data } = await reportFrom(recordedRuns);
    const lines = partOf(page, "first").match(/^- .*$/gm) ?? [];
    expect(lines).toHaveLength(5);
    const cells = new Set(rowsOf(data).flatMap((row) => row.map((cell) => cell.replace(/ \(.*/, ""))));
    const figures =
      lines
        .join()
        .replaceAll(/Node \d+|100 Express/g, "")
        .match(/\b\d[\d.,]*(?<=\d)/g) ?? [];
    expect(figures).toHaveLength(16);
    expect(figures.filter((figure) => !cells.has(figure))).toEqual([]);
  });

  test("have the same figures: each row of the short page is in the other one", async () => {
    const { page, data } = await reportFrom(recordedRuns);
    const all = rowsOf(data);
    const rows = rowsOf(page);
    expect(rows.length).toBeGreaterThan(30);
    const isIn = (row: string[]) =>
      all.some((other) => other[0] === row[0] && row.every((cell) => other.includes(cell)));
    expect(rows.filter((row) => !isIn(row))).toEqual([]);
  });
});

describe("the report of several runs", () => {
  test("shows the median of the runs, and the range of the ratios", () => {
    expect(textOf(runsWith([1.5, 1.1, 1.2], []))).toContain("| core | 12 | 1.20 (1.10 to 1.50) |");
  });

  test("shows the range of all rounds for an arm without a ratio", () => {
    const [first, second] = [1, 2].map((day) => runOf(day, [arm("node", [day, day + 1, day + 8])]));
    expect(textOf([first!, second!])).toContain("| node | 2.50 (1 to 10) |");
  });

  test.each([
    [1.3, "| reached | 1.20 (1.10 to 1.30) |"],
    [1.2, "| **reached in 2 of 3 runs** | 1.20 (1.10 to 1.30) |"],
    [1.05, "| **reached in 0 of 3 runs** | 1.20 (1.10 to 1.30) |"],
  ])("compares a goal of %s with each run", (limit, words) => {
    expect(textOf(runsWith([1.2, 1.3, 1.1], [atMost(limit)]))).toContain(words);
  });

  test("has the best figure in bold, and names a peer that was better in every run", () => {
    const text = textOf(runsWith([1.2, 1.2], [], 8));
    expect(text).toContain("| other \\| package | **8** | 0.80 |");
    expect(text).toContain("- **Start:** first byte: _node_, _other | package_ (_core_)");
  });

  test("names no peer that was better only in some runs", () => {
    expect(textOf(runsWith([0.9, 1.2], [], 10))).toContain("Nothing was better in every run.");
  });

  test("names the command, the days and the load, and warns of a busy machine", () => {
    const quiet = textOf(runsWith([1, 1, 1], []));
    expect(quiet).toContain(
      "`npm run bench -- start`: 3 runs of 3 rounds from 1 November 2026 to 3 November 2026, at a load average of 0.1 to 0.1.",
    );
    expect(quiet).toMatch(/\| v20\.20\.2 \| 257 +\| 6\.1 \| Test, 2 cores, 4 GB \|/);
    expect(quiet).not.toContain("Careful");
    expect(textOf([runOf(1, [arm("node", [1])], [], 7)])).toMatch(
      /\*\*Careful:\*\* 1 of 1 run had a warning: .*load average was 7\.0/,
    );
  });
});

describe("a chart", () => {
  const { page, charts } = reportOf(emptyPages, runsWith([1.5, 1.1, 1.2], []));
  const svg = charts.get("start.svg") ?? "";

  test("shows each arm with its value and its range, in the light and in the dark", () => {
    for (const text of ["node", "core", "other | package", "12", "npm run bench -- start"])
      expect(svg).toContain(text);
    expect(svg.match(/class="range"/g)).toHaveLength(1);
    for (const maker of ["bare", "sockact", "peer"])
      expect(svg.match(new RegExp(`<path [^>]*class="${maker}"`, "g"))).toHaveLength(1);
    expect(svg).toContain("prefers-color-scheme:dark");
  });

  test("has its values in words, the page says where they are, and a sentence says what you see", () => {
    expect(svg).toContain("Start, first byte, ms: node 10; core 12; other | package 30.");
    expect(page).toContain('![How long does a start take? "All figures" has the values of this chart.](');
    expect(page).toContain("With sockact, the first byte takes 1.20 times as long as without it.");
  });

  test("is the same each time", () => {
    expect(reportOf(emptyPages, runsWith([1.5, 1.1, 1.2], [])).charts.get("start.svg")).toBe(svg);
  });
});
