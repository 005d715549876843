// npm run check:published compares the packages that npm would publish with api/. npm run accept:published
// writes api/ anew.
import { resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { acceptPublished, checkPublished } from "./lib/published/published.ts";

const HELP = `Compares the packages that npm would publish with api/: the exported names and their types, the manifests, the files, and the sizes.

  npm run check:published     shows every difference, and exits with 1 if there is one
  npm run accept:published    writes what npm would publish now into api/, for you to commit

  -- --repository DIR         another checkout, instead of this one`;

const options = {
  accept: { type: "boolean" },
  repository: { type: "string", default: fileURLToPath(new URL("..", import.meta.url)) },
  help: { type: "boolean", short: "h" },
} as const;

try {
  main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}

function main(): void {
  const { accept, help, ...values } = parseArgs({ options }).values;
  const repository = resolve(values.repository);
  if (help) return console.log(HELP);
  if (accept) {
    acceptPublished(repository);
    console.log(
      "api/ has what npm would publish. Read `git diff api`, and commit it with the change that it belongs to.",
    );
    return;
  }
  const changes = checkPublished(repository);
  if (changes.length === 0)
    return console.log("The packages that npm would publish are the same as in api/.");
  console.log(`The packages that npm would publish differ from api/. Lines with - were accepted, and lines with + are new.

${changes.join("\n\n")}

If you mean these changes, run \`npm run accept:published\`, which raises full budgets too, and commit api/, so that they are reviewed. If you do not, undo what caused them.`);
  process.exitCode = 1;
}
