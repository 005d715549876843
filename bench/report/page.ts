import { noiseWarning } from "../lib/machine.ts";
import type { Results } from "../lib/results.ts";
import { withPart } from "../../scripts/lib/page-part.ts";
import { charts, drawn } from "./charts.ts";
import { svgOf } from "./picture.ts";
import { benchesOf, type RecordedBench, type RecordedTable, tablesOf } from "./runs.ts";
import { advantagesList, figuresTable, goalsTables, runsTable } from "./tables.ts";

/** What the report writes: the page of the benchmarks, and the charts by the names of their files. */
export interface Report {
  page: string;
  charts: Map<string, string>;
}

const NOTHING = "No run is recorded yet.";

/**
 * Fills the parts of the page. Each bench has a part with its name, between the comments `<!-- NAME -->` and
 * `<!-- /NAME -->`.
 */
export function reportOf(page: string, recorded: readonly Results[]): Report {
  const benches = benchesOf(recorded);
  const names = Array.from(page.matchAll(/^<!-- \/(\S+) -->$/gm), ([, name]) => name!).filter(
    (name) => !["runs", "goals", "better"].includes(name),
  );
  const missing = [...benches.keys()].filter((name) => !names.includes(name));
  if (missing.length > 0)
    throw new Error(
      `The page has no part for ${missing.join(", ")}: write <!-- NAME --> and <!-- /NAME -->, each on a line of its own.`,
    );
  const tables = new Map(names.map((name) => [name, tablesOf(benches.get(name) ?? [])]));
  const pictures = new Map<string, string>();
  let filled = page;
  for (const name of names) {
    const runs = benches.get(name) ?? [];
    filled = withPart(
      filled,
      name,
      runs.length === 0 ? notMeasured(name) : partOf(name, runs, tables.get(name)!, pictures),
    );
  }
  filled = withPart(filled, "runs", recorded.length === 0 ? NOTHING : runsTable(recorded));
  filled = withPart(filled, "goals", goalsTables(tables) ?? NOTHING);
  filled = withPart(
    filled,
    "better",
    recorded.length === 0 ? NOTHING : (advantagesList(tables) ?? "Nothing was better in every run."),
  );
  return { page: filled, charts: pictures };
}

function notMeasured(name: string): string {
  return `${NOTHING} \`npm run bench -- ${name}\` measures this.`;
}

function partOf(
  name: string,
  runs: readonly RecordedBench[],
  tables: readonly RecordedTable[],
  pictures: Map<string, string>,
): string {
  const [where, ...warnings] = provenanceOf(name, runs);
  const shown = charts.flatMap((chart) => {
    const picture = chart.bench === name ? drawn(chart, tables) : undefined;
    if (!picture) return [];
    const { groups, description, sentence } = picture;
    pictures.set(
      `${chart.file}.svg`,
      svgOf({ title: chart.question, description, groups, notes: notesOf(name, runs) }),
    );
    return [`![${chart.question} ${description}](public/charts/${chart.file}.svg)`, sentence];
  });
  const written = tables.flatMap((table) => [`**${table.title}**`, figuresTable(table)]);
  return [...shown, where!, ...warnings, ...written].filter((paragraph) => paragraph !== "").join("\n\n");
}

/** The command, and what it ran on. Then a warning if the machine was noisy. */
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
    `\`npm run bench -- ${name}\` measured this ${dates(runs)}, in ${countOf(runs.length, "run")} of ${rounds.join(" or ")} round${String(rounds) === "1" ? "" : "s"}, ${machines(runs)}. The load average was between ${loads[0]} and ${loads.at(-1)}.`,
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

function machines(runs: readonly RecordedBench[]): string {
  const all = runs.map(
    ({ run: { machine } }) =>
      `with Node ${version(machine.node)} and systemd ${machine.systemd ?? "missing"}, on ${machine.cores} cores (${machine.processor})`,
  );
  return distinct(all).join("; and ");
}

const version = (node: string): string => node.replace(/^v/, "");
const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];
