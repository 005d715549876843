// npm run lint:workflows: finds mistakes in .github, and what would make the workflows less safe.
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseDocument } from "yaml";
import { workflowProblems } from "./lib/workflow-problems.ts";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const scripts = Object.keys(JSON.parse(readFileSync("package.json", "utf8")).scripts);
const files = readdirSync(".github", { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".yml"),
);
const problems = await Promise.all(
  files.map(async (name) => {
    const file = `.github/${name}`;
    const text = readFileSync(file, "utf8");
    if (/^(?:workflows|actions)\//.test(name)) return workflowProblems(file, text, scripts);
    return parseDocument(text).errors.map(
      ({ message, linePos }) => `${file}:${linePos?.[0].line}: ${message}`,
    );
  }),
);
for (const problem of problems.flat()) console.error(problem);
console.log(`${files.length} files of .github: ${problems.flat().length} problems`);
process.exitCode = problems.flat().length === 0 ? 0 : 1;
