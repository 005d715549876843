import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSync, Visitor } from "oxc-parser";
import { expect, test } from "vitest";

/** The methods of a string that search for their first argument. */
const SEARCHES = new Set([
  "endsWith",
  "includes",
  "indexOf",
  "match",
  "matchAll",
  "replace",
  "replaceAll",
  "search",
  "split",
  "startsWith",
]);

/** At least two words in a row, without what a regular expression adds. */
function wordsIn(text: string): string[] {
  return text.match(/[A-Za-z']{2,}(?: [A-Za-z']{2,})+/g) ?? [];
}

interface Words {
  /** Words that a source file searches for. */
  sought: { words: string; file: string; line: number }[];
  /** All other strings. */
  said: { text: string; file: string }[];
  /** The strings that a type allows. The compiler knows who compares them. */
  typed: Set<string>;
}

/** Adds what a source file searches for, and all its other strings. */
function collect(file: string, text: string, found: Words): void {
  const searched = new Set<number>();
  const add = (node: { start: number; end: number }, isPattern = false): void => {
    const raw = text.slice(node.start, node.end);
    if (!isPattern && !searched.has(node.start)) return void found.said.push({ text: raw, file });
    const line = text.slice(0, node.start).split("\n").length;
    found.sought.push(...wordsIn(raw).map((words) => ({ words, file, line })));
  };
  new Visitor({
    SwitchCase: ({ test: compared }) => void (compared && searched.add(compared.start)),
    BinaryExpression({ operator, left, right }) {
      if (/^[!=]==$/.test(operator)) searched.add(left.start).add(right.start);
    },
    CallExpression({ callee, arguments: [pattern] }) {
      const name = callee.type === "MemberExpression" && !callee.computed ? callee.property : undefined;
      if (pattern && name?.type === "Identifier" && SEARCHES.has(name.name)) searched.add(pattern.start);
    },
    Literal(node) {
      if ("regex" in node) add(node, true);
      else if (typeof node.value === "string") add(node);
    },
    TemplateLiteral: (node) => add(node),
    TSLiteralType({ literal }) {
      if (literal.type === "Literal" && typeof literal.value === "string") found.typed.add(literal.value);
    },
  }).visit(parseSync(file, text).program);
}

function wordsOf(files: Readonly<Record<string, string>>): Words {
  const found: Words = { sought: [], said: [], typed: new Set() };
  for (const [file, text] of Object.entries(files)) collect(file, text, found);
  return found;
}

/** What other programs print is read here. */
const PRINTED = /^packages\/cli\/src\/lib\/printed\//;

/** Where a source file looks for words that another one says. */
function readingOwnWords(files: Readonly<Record<string, string>>): string[] {
  const { sought, said, typed } = wordsOf(files);
  const isOwn = (words: string, file: string): boolean =>
    !typed.has(words) && said.some((one) => one.file !== file && one.text.includes(words));
  return sought
    .filter(({ words, file }) => !PRINTED.test(file) && isOwn(words, file))
    .map(({ words, file, line }) => `${file}:${line} ${words}`);
}

test("a source file that looks for words of another one is found", () => {
  const says = { "a.ts": "throw new Error(`the port ${port} is in use`);" };
  expect(readingOwnWords({ ...says, "b.ts": 'if (message.includes("is in use")) retry();' })).toEqual([
    "b.ts:1 is in use",
  ]);
  expect(readingOwnWords({ ...says, "b.ts": "if (/\\d+ is in use/.test(message)) retry();" })).toHaveLength(
    1,
  );
  expect(readingOwnWords({ ...says, "b.ts": 'if (message === "the port") retry();' })).toHaveLength(1);
  expect(
    readingOwnWords({ ...says, "b.ts": 'if (/already listens/.test(stderr)) say("is in use");' }),
  ).toEqual([]);
});

test("no source file of the packages or of the site reads what another one says", () => {
  const root = fileURLToPath(new URL("../", import.meta.url));
  const sources = ["packages/", "docs/.vitepress/theme/"].flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: "utf8" })
      .map((file) => folder + file)
      .filter((file) => /^(?:packages\/(?!test(?:ing|kit)\/)[^/]+\/src|docs)\/.*(?<!\.test)\.ts$/.test(file)),
  );
  expect(sources.length).toBeGreaterThan(300);
  expect(
    readingOwnWords(Object.fromEntries(sources.map((file) => [file, readFileSync(root + file, "utf8")]))),
  ).toEqual([]);
});

test("what other programs print is read as it was seen", async () => {
  const folder = fileURLToPath(new URL("../packages/cli/src/lib/printed/", import.meta.url));
  for (const file of readdirSync(folder)) {
    const text = readFileSync(folder + file, "utf8");
    const patterns = (await import(folder + file)) as Record<string, unknown>;
    const seen = [...text.matchAll(/^\/\*\* `(.+?)` \(.*\*\/\nexport const (\w+) =/gm)];
    const names = Object.keys(patterns).filter((name) => patterns[name] instanceof RegExp);
    expect(new Set(seen.map(([, , name]) => name))).toEqual(new Set(names));
    for (const [, line = "", name = ""] of seen) expect(line).toMatch(patterns[name] as RegExp);
  }
});
