/**
 * `npm run docs:generate`: writes the parts of the pages, and the files in `docs/outputs`, that are made from
 * the tables and the functions of the packages. Then it copies code and outputs into the blocks of all pages
 * that name a file. Tests write the outputs of running processes.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { FormatConfig } from "oxfmt";
import { filledPage } from "../../scripts/lib/blocks/filled-page.ts";
import { filesInGit, handwrittenPages } from "../../scripts/lib/blocks/pages.ts";
import { withPart } from "../../scripts/lib/page-part.ts";
import { appsTable } from "./pages/apps.ts";
import { doctorCodes } from "./pages/doctor.ts";
import { directiveSections, leftOut, whatBreaks } from "./pages/hardening.ts";
import { lintCodes } from "./pages/lint.ts";
import { criticalAlerts, metricsList, warningAlerts } from "./pages/metrics.ts";
import { outputs } from "./pages/outputs.ts";
import { promises, proveCodes } from "./pages/prove.ts";

const root = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const changed = new Set<string>();

function write(file: string, text: string): void {
  if (read(file) === text) return;
  changed.add(file);
  writeFileSync(join(root, file), text);
}

/** The generated parts of each page, by the name of the comments around them. */
const parts: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  "docs/apps.md": { apps: appsTable },
  "docs/hardening.md": { "what breaks": whatBreaks },
  "docs/directives.md": { directives: directiveSections, "left out": leftOut },
  "docs/metrics.md": { metrics: metricsList },
  "docs/watch.md": { critical: criticalAlerts, warning: warningAlerts },
  "docs/codes/doctor.md": { codes: doctorCodes },
  "docs/codes/lint.md": { codes: lintCodes },
  "docs/codes/prove.md": { codes: proveCodes },
  "docs/prove.md": { promises },
};

for (const [file, text] of Object.entries(outputs())) write(`docs/${file}`, text);
for (const [page, made] of Object.entries(parts)) {
  const texts = Object.entries(made);
  write(
    page,
    texts.reduce((text, [name, make]) => withPart(text, name, make()), read(page)),
  );
}
const { printWidth } = JSON.parse(read(".oxfmtrc.json")) as Required<FormatConfig>;
for (const page of handwrittenPages(filesInGit(root))) {
  const text = read(page);
  if (text.includes("<!-- from:")) write(page, await filledPage(page, text, root, { printWidth }));
}
process.stdout.write([...changed].map((file) => `changed: ${file}\n`).join("") || "Nothing has changed.\n");
