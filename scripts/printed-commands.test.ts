// The commands of ours that a message names come from one file, and the real command line takes them.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSync, Visitor } from "oxc-parser";
import { expect, test, vi } from "vitest";
import { createProgram } from "../packages/cli/src/lib/command-line/program.ts";
import { sockactProblem } from "./lib/blocks/sockact-problem.ts";

// The command line reads its version from a folder that only the built package has.
vi.mock("../packages/cli/src/lib/shared/own-version.ts", () => ({ ownVersion: () => "0.0.0" }));

const root = fileURLToPath(new URL("../", import.meta.url));
const sources = readdirSync(`${root}packages`, { recursive: true, encoding: "utf8" })
  .filter((file) => /^(?!test(?:ing|kit)\/)[^/]+\/src\/.*(?<!\.test)\.ts$/.test(file))
  .map((file) => [file, readFileSync(`${root}packages/${file}`, "utf8")] as const);
const names = createProgram([]).commands.map((command) => command.name());

/**
 * A command to run, and not the name of a command in a sentence: the end of the text or words for a shell are
 * next, or a word that asks to run it is before.
 */
const asked = String.raw`(?:[:;(&|]|\b(?:[Rr]un|[Uu]se|[Tt]ry))\s+(?:sudo |npx )*`;
const name = String.raw`sockact (?:${names.join("|")})`;
const written = new RegExp(
  String.raw`${asked}${name}\b|\bsockact (?:[A-Z]+|explain CODE|(?:${names.join("|")}) ?(?:$|\n|["']| --?[a-z-]+| [A-Z]{2}))`,
);
/** Without code, and without the examples of a help: commandsIn() writes the commands there. */
const plain = (text: string): string =>
  text.replaceAll(/`[^`\n]+`/g, "").replaceAll(/^Examples:\n(?: .*(?:\n|$))+/gm, "");

/** The functions of own-command.ts that take a command and its words. */
const homes = new Set(["ownCommand", "serviceCommand", "helpCommand"]);

interface Found {
  /** Strings with a command that does not come from there. */
  others: string[];
  /** The words of each call, as far as the source has them. */
  calls: string[][];
}

function commandsOf(file: string, text: string): Found {
  const found: Found = { others: [], calls: [] };
  const check = (said: string): void => {
    if (written.test(plain(said))) found.others.push(`${file}: ${said.trim()}`);
  };
  new Visitor({
    Literal: ({ value }) => void (typeof value === "string" && check(value)),
    TemplateElement: ({ value }) => check(value.cooked ?? ""),
    CallExpression({ callee, arguments: words }) {
      if (callee.type !== "Identifier" || !homes.has(callee.name)) return;
      const [command] = words;
      if (command?.type !== "Literal") return;
      const isOfService = callee.name === "serviceCommand";
      const rest = isOfService ? ["shop"] : callee.name === "helpCommand" ? ["--help"] : [];
      for (const word of words.slice(1)) {
        if (isOfService || text.slice(word.start, word.end).includes("userOption(")) continue;
        rest.push(word.type === "Literal" ? String(word.value) : "word");
      }
      found.calls.push([String(command.value), ...rest]);
    },
  }).visit(parseSync(file, text).program);
  return found;
}

test("a command that is written elsewhere is found, and so is one that does not exist", () => {
  const { others, calls } = commandsOf(
    "a.ts",
    'say(`See ${name}: sockact logs ${name}`, "Run `sockact lint`", ownCommand("logs", name, "--tail"));',
  );
  expect(others).toEqual(["a.ts: : sockact logs"]);
  expect(calls).toEqual([["logs", "word", "--tail"]]);
  expect(calls.map(sockactProblem)).toEqual([expect.stringContaining("unknown option '--tail'")]);
});

test("each command that a message names comes from own-command.ts, and exists with its options", () => {
  const found = sources.map(([file, text]) => commandsOf(file, text));
  expect(found.flatMap(({ others }) => others)).toEqual([]);
  const calls = found.flatMap((one) => one.calls);
  expect(calls.length).toBeGreaterThan(40);
  expect(calls.flatMap((words) => sockactProblem(words) ?? [])).toEqual([]);
});
