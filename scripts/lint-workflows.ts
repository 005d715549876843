// npm run lint:workflows -- [DIR]: finds mistakes and risks in DIR, which is .github by default.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { validate } from "@actions/languageservice";
import { TextDocument } from "vscode-languageserver-textdocument";
import { parseDocument } from "yaml";
import { workflowProblems } from "./lib/workflow-problems.ts";

/** The mistakes that GitHub would refuse, found by its own language service for editors. */
async function githubProblems(file: string, text: string): Promise<string[]> {
  const problems = await validate(TextDocument.create(`file://${resolve(file)}`, "yaml", 0, text));
  return problems.map(({ range, message }) => {
    return `${file}:${range.start.line + 1}: ${typeof message === "string" ? message : message.value}`;
  });
}

function yamlProblems(file: string, text: string): string[] {
  return parseDocument(text).errors.map(({ message, linePos }) => `${file}:${linePos?.[0].line}: ${message}`);
}

const manifest = fileURLToPath(new URL("../package.json", import.meta.url));
const scripts = Object.keys(JSON.parse(readFileSync(manifest, "utf8")).scripts);
const folder = process.argv[2] ?? ".github";
const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
  /\.ya?ml$/.test(name),
);
const problems: string[] = [];
for (const name of names) {
  const file = join(folder, name);
  const text = readFileSync(file, "utf8");
  const isCode = /^(?:workflows|actions)\//.test(name);
  problems.push(
    ...(isCode
      ? [...(await githubProblems(file, text)), ...workflowProblems(file, text, scripts)]
      : yamlProblems(file, text)),
  );
}
if (names.length === 0)
  problems.push(`${folder} has no file that ends with .yml or .yaml: name the folder .github`);
for (const problem of problems) console.error(problem);
console.log(`${folder}: ${names.length} files, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
