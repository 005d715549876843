// What every command of the program has to have.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { folderWith } from "./app-folder.ts";
import { type Outcome, outcome, outcomeOf } from "./outcome.ts";
import { sockact } from "./run.ts";

/** The help of a command, which several tests look at. */
const helpTexts = new Map<string, Promise<Outcome>>();
function helpOf(...command: string[]): Promise<Outcome> {
  const name = command.join(" ");
  const help =
    helpTexts.get(name) ??
    // As `sudo npx` would call it. Where sudo finds Node, it needs no PATH.
    outcome([...command, "--help"], { env: { npm_command: "exec", SUDO_UID: "0" } }).then((ended) => ({
      ...ended,
      stdout: ended.stdout.replaceAll('sudo env "PATH=$PATH" npx', "sudo npx"),
    }));
  helpTexts.set(name, help);
  return help;
}

const help = await helpOf();
const width = (line: string): number => line.length;
/** Each theme with its commands. */
const themes = Array.from(
  help.stdout
    .split("\nExamples:")[0]!
    .matchAll(/^(\S[^\n]*:)\n((?: {2}[a-z]+ [^\n]*\n|(?: {8,}[^\n]*\n))+)/gm),
  ([, theme, list]) => ({
    theme: theme!,
    commands: Array.from(list!.matchAll(/^ {2}([a-z]+) /gm), ([, name]) => name!),
  }),
);
const commands = themes.flatMap((theme) => theme.commands).filter((name) => name !== "help");

describe("sockact --help", () => {
  it("lists the commands by theme, each in a sentence", () => {
    expect(themes.map(({ theme }) => theme)).toEqual(
      expect.arrayContaining(["Find out what is wrong:", "Develop:", "Your shell:"]),
    );
    expect(themes.map(({ theme }) => theme)).not.toContain("Commands:");
    expect(commands).toEqual(expect.arrayContaining(["lint", "verify", "explain", "run", "completion"]));
  });

  it("fits into 80 columns, with examples and exit codes", () => {
    expect(help.stdout.split("\n").filter((line) => width(line) > 80)).toEqual([]);
    expect(help.stdout).toMatch(/^Examples:\n {2}sudo npx sockact install /m);
    expect(help.stdout).toMatch(/^Exit codes:\n {2}0 /m);
  });
});

/** The help of each command, to which docs/command-line.md leads. */
const helpFiles: Readonly<Record<string, string>> = {
  init: "outputs/help-init.txt",
  units: "outputs/help-units.txt",
  install: "outputs/help-install.txt",
  uninstall: "outputs/help-uninstall.txt",
  status: "outputs/help-status.txt",
  hosts: "outputs/help-hosts.txt",
  logs: "outputs/help-logs.txt",
  metrics: "outputs/help-metrics.txt",
  reload: "outputs/help-reload.txt",
  restart: "outputs/help-restart.txt",
  drain: "outputs/help-drain.txt",
  undrain: "outputs/help-undrain.txt",
  doctor: "outputs/help-doctor.txt",
  explain: "outputs/help-explain.txt",
  lint: "outputs/help-lint.txt",
  verify: "outputs/help-verify.txt",
  run: "outputs/help-run.txt",
  prove: "outputs/help-prove.txt",
  completion: "outputs/help-completion.txt",
  man: "outputs/help-man.txt",
};

it("docs/command-line.md has all commands, and leads to their help", async () => {
  const page = readFileSync(new URL("../../../docs/command-line.md", import.meta.url), "utf8");
  expect(Object.keys(helpFiles).toSorted()).toEqual(commands.toSorted());
  for (const [command, file] of Object.entries(helpFiles)) {
    expect(page).toContain(`[${command}](${file})`);
    const { stdout } = await helpOf(command);
    await expect(stdout).toMatchFileSnapshot(
      fileURLToPath(new URL(`../../../docs/${file}`, import.meta.url)),
    );
  }
});

describe.each(commands)("sockact %s", (name) => {
  it("--help prints a description, each option, examples and exit codes, in 80 columns", async () => {
    const { code, stdout, stderr } = await helpOf(name);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n").filter((line) => width(line) > 80)).toEqual([]);
    const [usage, description] = stdout.split("\n\n");
    expect(usage).toMatch(new RegExp(`^Usage: sockact ${name} `));
    expect(description).toMatch(/^[A-Z][^]*\.$/);
    expect(stdout).toMatch(/^Examples:\n(?: {2,}.*\n)*.*sockact /m);
    expect(stdout).toMatch(/^Exit codes:\n(?: {2}.*(?:\n|$))+/m);
    const options = /^Options:\n((?: .*\n)+)/m.exec(stdout)![1]!;
    const described = options
      .replaceAll(/\n {5,}(?!-)/g, " ")
      .trimEnd()
      .split("\n");
    // One sentence, or several, without a full stop at the end: as long as one needs.
    for (const option of described)
      expect(option).toMatch(/^ {2}(?:-\w, )?--[a-z-]+(?: [<[][^>\]]+[>\]])? {2,}\S[^]*[^.]$/);
    expect(options).toMatch(/-h, --help +print this help\n/);
  });

  it("refuses an unknown option, on stderr and with its exit code for that", async () => {
    expect(await outcome([name, "--nonsense-option"])).toEqual({
      // The doctor says with 1 and 2 what it has found.
      code: name === "doctor" ? 3 : 2,
      stdout: "",
      stderr: expect.stringMatching(
        /^error: unknown option '--nonsense-option' \(SOCKACT_ERR_USAGE\)\nsockact \w+ --help lists/,
      ) as string,
    });
  });
});

/** Arguments that each command with --json refuses, or can't use. */
const failing: Readonly<Record<string, readonly string[]>> = {
  doctor: ["no-such-app"],
  drain: ["no-such-app"],
  explain: ["no-such-code"],
  hosts: ["no-such-argument"],
  init: ["no-such-file.js"],
  install: ["no-such-file.js", "--yes"],
  lint: ["no-such-folder"],
  logs: ["no-such-app"],
  metrics: ["no-such-app"],
  prove: ["--budget", "no-such-figure=1"],
  reload: ["no-such-app"],
  restart: ["no-such-app"],
  status: ["no-such-app"],
  undrain: ["no-such-app"],
  units: ["no-such-file.js"],
  verify: ["no-such-folder"],
};

describe("--json", () => {
  it("is an option of these commands", async () => {
    const helps = await Promise.all(
      commands.map(async (name) => [name, (await helpOf(name)).stdout] as const),
    );
    const having = helps.filter(([, text]) => /^ +--json /m.test(text)).map(([name]) => name);
    expect(having.toSorted()).toEqual(Object.keys(failing));
  });

  const cases = Object.entries(failing).flatMap(([name, args]) => [
    [name, ...args],
    [name, "--nonsense-option"],
  ]);
  it.each(cases.map((args) => [args.join(" "), args] as const))(
    "prints the error of sockact %s as an object, with the same exit code and message",
    async (_, args) => {
      const [plain, json] = await Promise.all([outcome(args), outcome([...args, "--json"])]);
      expect(plain.stdout).toBe("");
      // A hint may repeat the command.
      expect({ ...json, stdout: "", stderr: json.stderr.replace(/ --json$/m, "") }).toEqual(plain);
      const { error } = JSON.parse(json.stdout) as { error: Record<string, string> };
      expect(Object.keys(error)).toEqual(["code", "message", "hint"]);
      expect(json.stderr).toContain(`${error["message"]} (${error["code"]})\n${error["hint"]}\n`);
    },
  );

  it("means the same as --format json", async () => {
    const { stdout } = await outcome(["lint", "no-such-folder", "--format", "json"]);
    expect(JSON.parse(stdout)).toHaveProperty("error.code");
    expect((await outcome(["lint", "no-such-folder", "--format", "sarif"])).stdout).toBe("");
  });
});

describe("an error in sockact", () => {
  it.each([
    [
      "an unknown command",
      ["lnt"],
      /^error: unknown command 'lnt' \(SOCKACT_ERR_USAGE\)\n\(Did you mean lint\?\)\n$/,
    ],
    [
      "help of an unknown command",
      ["help", "lnt"],
      /^error: unknown command 'lnt' \(SOCKACT_ERR_USAGE\)\n\(Did you mean lint\?\)\n$/,
    ],
    [
      "a command of another program",
      ["deploy"],
      /^error: unknown command 'deploy' \(SOCKACT_ERR_USAGE\)\nsockact --help lists the commands\.\n$/,
    ],
  ])("%s is an error with what was meant", async (_, args, stderr) => {
    expect(await outcome(args)).toEqual({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(stderr) as string,
    });
  });

  it.each([
    ["in a promise", "buffer = () => { throw new TypeError('boom') }"],
    [
      "in a callback",
      "buffer = () => new Promise(() => setImmediate(() => { throw new TypeError('boom') }))",
    ],
  ])(
    "a fault of ours %s says that it is a bug, and what to report, without the arguments",
    async (_, code) => {
      const cwd = folderWith({ "fault.cjs": `require("node:stream/consumers").${code}` });
      const env = { NODE_OPTIONS: `--require "${join(cwd, "fault.cjs")}"` };
      const ended = await outcome(["lint", "-", "--stdin-filename", "secret.service"], { cwd, env });
      expect(ended).toMatchObject({ code: 70, stdout: "" });
      expect(ended.stderr).toMatch(
        /^error: sockact has failed, and this is a bug \(SOCKACT_ERR_INTERNAL\)\nPlease report it, with these lines: https:\/\/\S+\/issues\n/,
      );
      expect(ended.stderr).toContain(`Node ${process.versions.node}`);
      expect(ended.stderr).toContain("command: lint\n");
      expect(ended.stderr).toContain("TypeError: boom");
      expect(ended.stderr).not.toContain("secret");
    },
  );

  it("a full disk is an error, whatever is printed", async () => {
    for (const args of [["lint", "--help"], ["explain"], ["completion", "bash"], ["man"]]) {
      const full = ["sh", "-c", 'exec "$@" >/dev/full', "sh", process.execPath, sockact, ...args];
      const { code, stderr } = await outcomeOf(full);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^error: can't write to the standard output: ENOSPC.* \(SOCKACT_ERR_OUTPUT\)\n/);
    }
  });

  it("a reader that has gone is not an error", async () => {
    const pipe = [
      "bash",
      "-c",
      '"$@" | true; exit ${PIPESTATUS[0]}',
      "bash",
      process.execPath,
      sockact,
      "explain",
    ];
    expect(await outcomeOf(pipe)).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});

it("the version is on stdout", async () => {
  expect(await outcome(["-v"])).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    stderr: "",
  });
});
