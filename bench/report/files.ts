import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { format, type FormatConfig } from "oxfmt";
import { root } from "../../scripts/lib/packages.ts";
import type { Results } from "../lib/results.ts";
import { type Report, reportOf } from "./page.ts";

/** The JSON files of whole runs, which `npm run bench -- --out FILE` wrote. */
export const recordedRuns = join(root, "bench/results");
export const pageFile = join(root, "docs/benchmarks.md");
export const chartsFolder = join(root, "docs/public/charts");

/** The report of the runs in a folder, with the page as oxfmt leaves it. */
export async function reportFrom(folder: string): Promise<Report> {
  const recorded = existsSync(folder)
    ? readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Results)
    : [];
  const report = reportOf(readFileSync(pageFile, "utf8"), recorded);
  const { printWidth } = JSON.parse(
    readFileSync(join(root, ".oxfmtrc.json"), "utf8"),
  ) as Required<FormatConfig>;
  const { code } = await format("benchmarks.md", report.page, { printWidth });
  return { ...report, page: code };
}
