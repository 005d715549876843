import { readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import type { FormatConfig } from "oxfmt";
import { describe, expect, test, vi } from "vitest";
import { describeWith } from "../packages/testkit/src/requires.ts";
import { blockProblems } from "./lib/blocks/block-problems.ts";
import { excerptOf } from "./lib/blocks/excerpt.ts";
import { filledPage } from "./lib/blocks/filled-page.ts";
import { blocksOf, inlineCommandsOf, noteOf, placeOf } from "./lib/blocks/page-blocks.ts";
import { filesInGit, handwrittenPages } from "./lib/blocks/pages.ts";
import { shellProblems, type ShellFacts } from "./lib/blocks/shell-problems.ts";
import { sockactProblem } from "./lib/blocks/sockact-problem.ts";
import { isTypedAlone, scriptLanguages, typeProblems } from "./lib/blocks/typed-blocks.ts";
import { groupProblems, unitGroupsOf } from "./lib/blocks/unit-problems.ts";
import { publicPackages, root } from "./lib/packages.ts";

// The command line reads its version from a folder that only the built package has.
vi.mock("../packages/cli/src/lib/shared/own-version.ts", () => ({ ownVersion: () => "0.0.0" }));

/** The most blocks that may have a comment `<!-- not run: … -->`. */
const MOST_NOT_RUN = 15;

const files = filesInGit(root);
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const pages = handwrittenPages(files);
const blocks = pages.flatMap((page) => blocksOf(page, read(page)));

/** The scripts that npm runs in the folder which a page is about. */
function scriptsFor(page: string): ReadonlySet<string> {
  const folder = /^((?:packages|examples)\/[^/]+)\//.exec(page)?.[1];
  const manifests = ["package.json", ...(folder === undefined ? [] : [`${folder}/package.json`])];
  const names = manifests.flatMap((file) =>
    Object.keys((JSON.parse(read(file)) as { scripts?: object }).scripts ?? {}),
  );
  return new Set(names);
}

const packages = new Set(publicPackages().map(({ name }) => name));
const factsFor = (page: string): ShellFacts => ({ scripts: scriptsFor(page), packages, sockactProblem });

const { printWidth } = JSON.parse(read(".oxfmtrc.json")) as Required<FormatConfig>;

describe("every block of code on a page", () => {
  test("is covered by a rule, and follows it", () => {
    expect(blocks.length).toBeGreaterThan(200);
    expect(blocks.flatMap((block) => blockProblems(block, factsFor(block.page)))).toEqual([]);
  });

  test("and every command in a sentence has verbs and options that exist", () => {
    const commands = pages.flatMap((page) => inlineCommandsOf(read(page)).map((one) => ({ page, ...one })));
    expect(commands.length).toBeGreaterThan(100);
    expect(
      commands.flatMap(({ page, line, command }) =>
        shellProblems(command, factsFor(page))
          // A sentence may name a command without its arguments.
          .filter((problem) => !problem.includes("missing required argument"))
          .map((problem) => `${page}:${line}: ${problem}`),
      ),
    ).toEqual([]);
  });

  test("shows units without an error that the linter knows", () => {
    const groups = unitGroupsOf(blocks);
    expect(groups.length).toBeGreaterThan(5);
    expect(groups.flatMap(groupProblems)).toEqual([]);
  });

  test("compiles by itself if nothing runs it", async () => {
    expect(await typeProblems(blocks.filter(isTypedAlone), root)).toEqual([]);
  });

  test("that shows output comes from a file that a test or `npm run docs:generate` names", () => {
    const tests = files.filter((file) => file.endsWith(".test.ts")).map(read);
    const writers = [
      ...tests.filter((text) => text.includes("toMatchFileSnapshot")),
      ...files.filter((file) => file.startsWith("docs/scripts/pages/")).map(read),
    ];
    // It names the file, or passes its name to a function.
    const isWritten = (name: string) =>
      writers.some(
        (text) =>
          new RegExp(`outputs/${name.replaceAll(".", "\\.")}["'\`]`).test(text) ||
          (text.includes("outputs/${") && text.includes(`"${basename(name, extname(name))}"`)),
      );
    const outputs = files.filter((file) => file.startsWith("docs/outputs/"));
    expect(outputs.filter((file) => !isWritten(basename(file)))).toEqual([]);
    const shown = new Set(blocks.flatMap((block) => noteOf(block, "from")?.split("#")[0] ?? []));
    const links = pages.flatMap((page) => Array.from(read(page).matchAll(/\]\((outputs\/.*?)\)/g)));
    for (const [, file] of links) shown.add(`docs/${file!}`);
    expect(outputs.filter((file) => !shown.has(file))).toEqual([]);
  });

  test("that is taken from a file of code has it from a folder that is compiled or run", () => {
    const sources = blocks
      .filter(({ language }) => scriptLanguages.includes(language))
      .flatMap((block) => noteOf(block, "from") ?? []);
    expect(sources.filter((file) => !/^(?:bench|examples|packages|scripts)\//.test(file))).toEqual([]);
  });

  test(`is run or checked, but for ${MOST_NOT_RUN} at most`, () => {
    const exempt = blocks.filter((block) => noteOf(block, "not run") !== undefined);
    const list = exempt.map((block) => `${placeOf(block)}: ${noteOf(block, "not run")}`);
    expect(list.slice(MOST_NOT_RUN)).toEqual([]);
  });
});

/** What is wrong with a page. */
function problemsOf(text: string): string[] {
  const found = blocksOf("docs/page.md", text);
  return [
    ...found.flatMap((block) => blockProblems(block, factsFor("docs/page.md"))),
    ...unitGroupsOf(found).flatMap(groupProblems),
  ];
}

const fence = "```";
const fenced = (language: string, code: string): string => `${fence}${language}\n${code}\n${fence}\n`;
const socket = "# shop.socket\n[Socket]\nListenStream=80\n";
const service = "# shop.service\n[Unit]\nRequires=shop.socket\nAfter=shop.socket\n[Service]\n";

describeWith({ commands: ["systemctl", "journalctl"], systemd: 257 }, "a block is reported with", () => {
  test.each([
    ["a verb that systemctl does not have", "sudo systemctl relaod shop", "no verb relaod"],
    ["an option that journalctl does not have", "journalctl --tail -u shop", "no option --tail"],
  ])("%s", (_title, code, problem) => {
    expect(problemsOf(fenced("sh", code))).toEqual([expect.stringContaining(problem)]);
  });
});

describe("a block is reported", () => {
  test.each([
    [
      "a command that sockact does not have",
      "sh",
      "sudo npx sockact instal server.js",
      "unknown command 'instal'",
    ],
    ["an option that sockact does not have", "sh", "sockact logs shop --tail", "unknown option '--tail'"],
    ["a missing argument", "sh", "sockact logs", "missing required argument"],
    ["a value that sockact refuses", "sh", "sockact logs shop -n many", "It must be a number"],
    ["a fault in a loop", "sh", "for name in a b; do sockact logs $name --tail; done", "unknown option"],
    ["a fault in a script for a shell", "sh", 'bash -c "sockact logs --tail"', "unknown option"],
    ["a fault on another host", "sh", "ssh -p 22 host sudo npx sockact logs --tail", "unknown option"],
    ["a fault in npm exec", "sh", "npm exec -- sockact logs --tail", "unknown option"],
    ["a fault after a version", "sh", "npx sockact@latest logs --tail", "unknown option"],
    ["a package with a misspelt name", "sh", "npm install sockactt", "not one of our packages"],
    ["a script that npm does not have", "sh", "npm run dmeo", "no script dmeo"],
    ["a package that we do not have", "sh", "npm install @sockact/hapi", "not one of our packages"],
    ["a script that bash does not read", "sh", "if true; then echo", "bash does not read it"],
    ["a prompt in a script", "sh", "$ sockact status", "leave out the prompt"],
    ["a block without a language", "", "anything", "must come from a file"],
    ["JSON that does not parse", "json", "{ a: 1 }", "property name"],
    ["YAML that does not parse", "yaml", "a: [1", "sequence"],
    ["a language that nothing checks", "nginx", "listen 80;", "nothing checks a block of nginx"],
    ["an unknown directive", "ini", "[Service]\nRestrat=always", "directive-unknown"],
    ["an unknown directive without a section", "ini", "# shop.service\nRestrat=always", "Restrat"],
    ["a directive of another section", "ini", "[Unit]\nRestart=always", "directive-misplaced"],
    ["a value that systemd does not read", "ini", "[Service]\nPrivateTmp=maybe", "value-invalid"],
    [
      "a unit that the app fails in",
      "ini",
      `${socket}\n${service}ExecStart=/usr/bin/npm start`,
      "exec-launcher",
    ],
  ])("%s", (_title, language, code, problem) => {
    expect(problemsOf(fenced(language, code))).toEqual([expect.stringContaining(problem)]);
  });

  test.each([
    ["without a reason", `<!-- not run: -->\n${fenced("nginx", "listen 80;")}`, "say why"],
    ["with a misspelt comment", `<!-- form: a.js -->\n${fenced("js", "let a;")}`, 'not with "form: a.js"'],
    [
      "with output from a file that no test writes",
      `<!-- from: LICENSE -->\n${fenced("text", "MIT")}`,
      "docs/outputs",
    ],
    [
      "that does not have the error it means to show",
      `<!-- lint finds: jit-killed -->\n${fenced("ini", `${socket}\n${service}ExecStart=/usr/bin/node /srv/app.js`)}`,
      "does not find jit-killed",
    ],
  ])("%s", (_title, text, problem) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining(problem)]);
  });

  test("that does not compile", async () => {
    const page = [
      fenced("js", 'import express from "express";\nexpress().lisen(80);'),
      fenced("ts", 'const port: number = "80";'),
      fenced("js", 'const { createServer } = require("node:http");\ncreateServre();'),
      fenced("js", "sockets: [{ lisen: 80 }],"),
      fenced("js", "app.get('/', nothing);"),
    ].join("\n");
    const problems = await typeProblems(blocksOf("docs/page.md", page), root);
    expect(problems).toEqual(
      ["lisen", "not assignable", "createServre", "lisen", "nothing"].map((text) =>
        expect.stringContaining(text),
      ),
    );
  });
});

describe("a block is right", () => {
  test.each([
    ["a command of sockact with placeholders", "sh", "sudo npx sockact logs NAME --follow"],
    ["a command that sockact runs", "sh", "npx sockact run --watch -- node server.js --port 80"],
    ["the help of a command", "sh", "sockact logs --help"],
    [
      "a wrapped command",
      "sh",
      'sudo env "PATH=$PATH" npx sockact install server.js --name shop --listen 80',
    ],
    ["what systemd-run runs", "sh", "systemd-run --user --unit shop node --watch server.js"],
    ["fields with their sections", "ini", "[Socket]\nListenStream=80\nNoDelay=yes"],
    ["fields without their sections", "ini", "# shop.service\nRequires=shop.socket\nPrivateTmp=yes"],
    [
      "a pair",
      "ini",
      `${socket}\n${service}ExecStart=/usr/bin/node /srv/app.js\nRestart=always\nRestartSec=1s`,
    ],
  ])("%s", (_title, language, code) => {
    expect(problemsOf(fenced(language, code))).toEqual([]);
  });

  test("that says why nothing runs it, in a list too", () => {
    const block = `<!-- not run: needs nginx -->\n\n${fenced("nginx", "listen 80;")}`;
    expect(problemsOf(block)).toEqual([]);
    expect(problemsOf(`1. Text.\n\n${block.replaceAll(/^(?=.)/gm, "   ")}`)).toEqual([]);
  });
});

describe("a block from a file", () => {
  const source = [
    "import a;",
    "// #region one",
    "  if (a) {",
    "    // #region two",
    "    b();",
    "    // #endregion two",
    "  }",
    "// #endregion one",
    "",
  ].join("\n");

  test("shows the file, or a region, without the marks and the indentation", () => {
    expect(excerptOf(source, undefined)).toBe("import a;\n  if (a) {\n    b();\n  }\n");
    expect(excerptOf(source, "one")).toBe("if (a) {\n  b();\n}\n");
    expect(excerptOf(source, "two")).toBe("b();\n");
  });

  test("has a region that exists once and ends", () => {
    expect(() => excerptOf(source, "three")).toThrow("0 regions with the name three");
    expect(() => excerptOf("# #region one\na", "one")).toThrow("add a line with #endregion one");
  });

  test("is written between its fences, with their indentation", async () => {
    const page = `1. Text.\n\n   <!-- from: .oxfmtrc.json -->\n\n   ${fence}json\n   old\n   ${fence}\n\nEnd.\n`;
    const filled = await filledPage("docs/page.md", page, root, { printWidth });
    expect(filled).toMatch(
      /^1\. Text\.\n\n {3}<!-- from: \.oxfmtrc\.json -->\n\n {3}```json\n {3}\{\n {5}"\$schema"/,
    );
    expect(filled).toMatch(/\n {3}\}\n {3}```\n\nEnd\.\n$/);
    expect(filled).not.toContain("old");
    expect(await filledPage("docs/page.md", filled, root, { printWidth })).toBe(filled);
  });

  test("is written into a quote, with its marks", async () => {
    const page = `> [!NOTE]\n> Text.\n>\n> <!-- from: .oxfmtrc.json -->\n> ${fence}json\n> old\n> ${fence}\n\nEnd.\n`;
    const filled = await filledPage("docs/page.md", page, root, { printWidth });
    const lines = filled.split("\n").slice(0, -3);
    expect(lines.filter((line) => !line.startsWith(">"))).toEqual([]);
    expect(lines.at(-1)).toBe(`> ${fence}`);
    expect(filled).not.toContain("old");
  });

  test("names a file that exists", async () => {
    const page = `<!-- from: none.ts -->\n${fenced("ts", "")}`;
    await expect(filledPage("docs/page.md", page, root, { printWidth })).rejects.toThrow(
      "docs/page.md:2: the repository has no file none.ts",
    );
  });
});
