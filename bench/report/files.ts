import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { format, type FormatConfig } from "oxfmt";
import { root } from "../../scripts/lib/packages.ts";
import type { Results } from "../lib/results.ts";
import { type Pages, type Report, reportOf } from "./page.ts";

/** The JSON files of whole runs, which `npm run bench -- --out FILE` wrote. */
export const recordedRuns = join(root, "bench/results");
export const pageFiles: Readonly<Record<keyof Pages, string>> = {
  page: join(root, "docs/benchmarks.md"),
  data: join(root, "docs/benchmark-data.md"),
};
export const chartsFolder = join(root, "docs/public/charts");

/** The report of the runs in a folder, with the pages as oxfmt leaves them. */
export async function reportFrom(folder: string, { mustExist = false } = {}): Promise<Report> {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".json")) : [];
  if (mustExist && files.length === 0)
    throw new Error(`${folder} has no run: \`npm run bench -- --out FILE\` writes one.`);
  const recorded = files.map((file) => read(join(folder, file)));
  const pages = { page: readFileSync(pageFiles.page, "utf8"), data: readFileSync(pageFiles.data, "utf8") };
  const report = reportOf(pages, recorded);
  const { printWidth } = JSON.parse(
    readFileSync(join(root, ".oxfmtrc.json"), "utf8"),
  ) as Required<FormatConfig>;
  const formatted = async (file: string, text: string): Promise<string> =>
    (await format(file, text, { printWidth })).code;
  return {
    ...report,
    page: await formatted(pageFiles.page, report.page),
    data: await formatted(pageFiles.data, report.data),
  };
}

function read(file: string): Results {
  let results: Partial<Results> | null;
  try {
    results = JSON.parse(readFileSync(file, "utf8")) as Partial<Results> | null;
  } catch (error) {
    throw new Error(`${file} can't be read: ${(error as Error).message}`, { cause: error });
  }
  if (!results?.machine || !Array.isArray(results.benches) || results.benches.length === 0)
    throw new Error(`${file} has no figures of \`npm run bench\`. Remove it from the folder.`);
  return results as Results;
}
