import { noiseWarning } from "../lib/machine.ts";
import type { Results } from "../lib/results.ts";
import { withPart } from "../../scripts/lib/page-part.ts";
import { charts, drawn } from "./charts.ts";
import { excerptsOf, firstLinesOf } from "./highlights.ts";
import { svgOf } from "./picture.ts";
import { benchesOf, type RecordedBench, type RecordedTable, tablesOf } from "./runs.ts";
import { advantagesList, figuresTable, goalsTables, runsTable } from "./tables.ts";

/** The page of the benchmarks, and the page with all of their figures. */
export interface Pages {
  page: string;
  data: string;
}

/** What the report writes: both pages, and the charts by the names of their files. */
export interface Report extends Pages {
  charts: Map<string, string>;
}

const NOTHING = "No run is recorded yet.";

/**
 * Fills the parts of the pages. On the page of figures, each bench has a part with its name, between the
 * comments `<!-- NAME -->` and `<!-- /NAME -->`. The other page has the parts for most readers.
 */
export function reportOf({ page, data }: Pages, recorded: readonly Results[]): Report {
  const benches = benchesOf(recorded);
  const names = partsOf(data).filter((name) => !["runs", "goals", "better"].includes(name));
  const tables = new Map(names.map((name) => [name, tablesOf(benches.get(name) ?? [])]));
  const pictures = new Map<string, string>();
  const chartsIn = (part: string): string[] =>
    charts
      .filter((chart) => (chart.part ?? chart.bench) === part)
      .flatMap((chart) => {
        const picture = drawn(chart, tables.get(chart.bench) ?? []);
        if (!picture) return [];
        const { groups, description, sentence } = picture;
        const notes = notesOf(chart.bench, benches.get(chart.bench)!);
        pictures.set(`${chart.file}.svg`, svgOf({ title: chart.question, description, groups, notes }));
        return [
          `![${chart.question} "All figures" has the values of this chart.](public/charts/${chart.file}.svg)`,
          sentence,
        ];
      });
  const written = (name: string, write: (runs: readonly RecordedBench[]) => string[]): string => {
    const runs = benches.get(name);
    return runs ? paragraphs(write(runs)) : `${NOTHING} \`npm run bench -- ${name}\` measures this.`;
  };
  const all = [...benches.keys()];
  return {
    data: filled(data, ["runs", "goals", "better", ...all], (name) => {
      if (name === "runs") return recorded.length === 0 ? NOTHING : runsTable(recorded);
      if (name === "goals") return goalsTables(tables) ?? NOTHING;
      if (name === "better")
        return recorded.length === 0
          ? NOTHING
          : (advantagesList(tables) ?? "Nothing was better in every run.");
      return written(name, (runs) => [...provenanceOf(name, runs), ...titled(tables.get(name)!)]);
    }),
    page: filled(page, ["first"], (name) =>
      name === "first"
        ? paragraphs([firstLinesOf(tables), ...chartsIn(name)]) || NOTHING
        : written(name, (runs) => [
            ...chartsIn(name),
            ...provenanceOf(name, runs).slice(1),
            ...titled(excerptsOf(name, tables.get(name)!)),
          ]),
    ),
    charts: pictures,
  };
}

const partsOf = (page: string): string[] =>
  Array.from(page.matchAll(/^<!-- \/(\S+) -->$/gm), ([, name]) => name!);

/** A page with all of its parts filled in. The required ones must exist. */
function filled(page: string, needed: readonly string[], write: (name: string) => string): string {
  const names = partsOf(page);
  const missing = needed.filter((name) => !names.includes(name));
  if (missing.length > 0)
    throw new Error(
      `The page has no part for ${missing.join(", ")}: write <!-- NAME --> and <!-- /NAME -->, each on a line of its own.`,
    );
  return names.reduce((text, name) => withPart(text, name, write(name)), page);
}

function titled(tables: readonly RecordedTable[]): string[] {
  return tables.flatMap((table) => [`**${table.title}**`, figuresTable(table)]);
}

function paragraphs(all: readonly string[]): string {
  return all.filter((paragraph) => paragraph !== "").join("\n\n");
}

/** The command, and when it ran: the table of the runs has the machine. Then a warning if that was noisy. */
function provenanceOf(name: string, runs: readonly RecordedBench[]): string[] {
  const rounds = distinct(
    runs.flatMap(({ tables }) =>
      tables.flatMap(({ arms }) =>
        arms.flatMap(({ values }) => Object.values(values).map(({ length }) => length)),
      ),
    ),
  );
  const loads = runs
    .flatMap(({ noise }) => noise.load)
    .map((load) => load.toFixed(1))
    .toSorted((a, b) => Number(a) - Number(b));
  const warnings = runs.flatMap(({ noise, run }) => noiseWarning(noise, run.machine.cores) ?? []);
  return [
    `\`npm run bench -- ${name}\`: ${countOf(runs.length, "run")} of ${rounds.join(" or ")} round${String(rounds) === "1" ? "" : "s"} ${dates(runs)}, at a load average of ${loads[0]} to ${loads.at(-1)}.`,
    ...warnings
      .slice(-1)
      .map(
        (last) =>
          `**Careful:** ${warnings.length} of ${countOf(runs.length, "run")} had a warning: "${last}"`,
      ),
  ];
}

function notesOf(name: string, runs: readonly RecordedBench[]): string[] {
  const isNoisy = runs.some(({ noise, run }) => noiseWarning(noise, run.machine.cores) !== undefined);
  return [
    `npm run bench -- ${name}: ${countOf(runs.length, "run")} ${dates(runs)}`,
    ...distinct(
      runs.map(
        ({ run: { machine } }) =>
          `Node ${version(machine.node)}, systemd ${machine.systemd ?? "missing"}, ${machine.cores} cores`,
      ),
    ),
    ...(isNoisy ? ["The machine was busy: see the warning on the page."] : []),
  ];
}

/** The day, or the first and the last one. */
function dates(runs: readonly RecordedBench[]): string {
  const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
  const [first, last] = [runs[0]!, runs.at(-1)!].map(({ run }) => format.format(new Date(run.date)));
  return first === last ? `on ${first}` : `from ${first} to ${last}`;
}

const version = (node: string): string => node.replace(/^v/, "");
const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];
