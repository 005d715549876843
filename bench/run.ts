// npm run bench: lists what can be measured. npm run bench -- NAME [options]: measures it. npm run bench -- NAME --help: its options.
//
// Each file of the folder benches is one. Its first line says what it measures, and the comment at its beginning is its help.
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

const folder = new URL("benches/", import.meta.url);
const names = readdirSync(folder).map((file) => file.replace(/\.ts$/, ""));
const HELP = ["--help", "-h"];
const [name] = process.argv.splice(2, 1);
const isHelp = HELP.includes(name ?? "--help");

if (name !== undefined && names.includes(name)) {
  if (process.argv.some((arg) => HELP.includes(arg))) console.log(helpOf(name));
  else await run(name);
} else {
  if (!isHelp) console.error(`Unknown bench: ${name}`);
  console.log("npm run bench -- NAME [options]; with --help, the options of one\n");
  for (const each of names) console.log(`  ${each.padEnd(10)}${helpOf(each).split("\n")[0]}`);
  process.exitCode = isHelp ? 0 : 2;
}

/** Runs a bench. An option that it does not have ends in its help. */
async function run(bench: string): Promise<void> {
  try {
    await import(new URL(`${bench}.ts`, folder).href);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Of parseArgs() of node:util.
    if (code?.startsWith("ERR_PARSE_ARGS_") !== true) throw error;
    console.error(`${message}\n\n${helpOf(bench)}`);
    process.exitCode = 2;
  }
}

/** The comment at the beginning of a bench. */
function helpOf(bench: string): string {
  const lines = readFileSync(new URL(`${bench}.ts`, folder), "utf8").split("\n");
  const end = lines.findIndex((line) => !line.startsWith("//"));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^\/\/ ?/, ""))
    .join("\n");
}
