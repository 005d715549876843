// npm run lint:workflows -- [DIR]: finds mistakes in the workflows and actions of DIR, which is .github by
// default. zizmor finds the risks, in CI.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { validate } from "@actions/languageservice";
import { TextDocument } from "vscode-languageserver-textdocument";
import { rootManifest } from "./lib/packages.ts";

const folder = process.argv[2] ?? ".github";
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => /^(?:workflows|actions)\/.*\.ya?ml$/.test(name))
  .map((name) => join(folder, name));
const problems: string[] = [];
for (const file of files) {
  const text = readFileSync(file, "utf8");
  // GitHub's own language service for editors finds what GitHub would refuse.
  for (const { range, message } of await validate(
    TextDocument.create(`file://${resolve(file)}`, "yaml", 0, text),
  ))
    problems.push(
      `${file}:${range.start.line + 1}: ${typeof message === "string" ? message : message.value}`,
    );
  for (const [, script = ""] of text.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g))
    if (!rootManifest.scripts?.[script]) problems.push(`${file}: package.json has no script ${script}`);
}
if (files.length === 0) problems.push(`${folder} has no workflow: name the folder .github`);
for (const problem of problems) console.error(problem);
console.log(`${folder}: ${files.length} files, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
