import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describeWith } from "@sockact/testkit";
import { describe, expect, it } from "vitest";
import { folderWith } from "./app-folder.ts";
import { outcome, outcomeOf } from "./outcome.ts";
import { sockact } from "./run.ts";

/** A folder with two unit files, and the environment of a shell that finds `sockact` and `node`. */
function shellFolder() {
  const cwd = folderWith({ "shop.socket": "", "shop.service": "" });
  mkdirSync(join(cwd, "bin"));
  symlinkSync(sockact, join(cwd, "bin/sockact"));
  symlinkSync(process.execPath, join(cwd, "bin/node"));
  return { cwd, env: { PATH: `${cwd}/bin:${process.env["PATH"]}`, HOME: cwd, TERM: "dumb" } };
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

describe("what sockact completes", () => {
  const asked = async (...line: string[]): Promise<string[]> => {
    const { code, stdout, stderr } = await outcome(["complete", "zsh", "--", ...line]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return lines(stdout).map((answer) => answer.split("\t")[0]!);
  };

  it.each([
    ["a command", ["li"], ["words", "lint"]],
    ["a command after help", ["help", "ve"], ["words", "verify"]],
    ["an option of the program", ["--v"], ["words", "--version"]],
    ["an option", ["lint", "--sev"], ["words", "--severity"]],
    ["a choice", ["lint", "--format", ""], ["words", "human", "json", "sarif", "github"]],
    ["a choice after =", ["lint", "--format=j"], ["words", "--format=json"]],
    ["an argument that is a choice", ["completion", "f"], ["words", "fish"]],
    ["a code", ["explain", "free"], ["words", "free-bind"]],
    ["files where files go", ["lint", "--fix", ""], ["files"]],
    ["files as the value of an option", ["run", "--watch", ""], ["files"]],
    ["files after --", ["run", "--", ""], ["files"]],
    ["nothing for a number", ["run", "--max-connections", ""], ["words"]],
    ["nothing after an unknown command", ["nope", ""], ["words"]],
  ])("%s", async (_, line, expected) => {
    expect(await asked(...line)).toEqual(expected);
  });

  it("with descriptions that are not cut inside of brackets", async () => {
    for (const command of ["install", "run", "verify", "logs"]) {
      const { stdout } = await outcome(["complete", "zsh", "--", command, "-"]);
      expect(stdout).toContain("--");
      expect(stdout).not.toMatch(/\([^)]*$/m);
    }
  });

  it("all commands, but not the one that the scripts call", async () => {
    const answers = await asked("");
    expect(answers).toEqual(expect.arrayContaining(["words", "lint", "run", "completion", "help"]));
    expect(answers).not.toContain("complete");
  });
});

it("sockact completion refuses another shell", async () => {
  const { code, stderr } = await outcome(["completion", "tcsh"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/Allowed choices are bash, zsh, fish\. \(SOCKACT_ERR_USAGE\)/);
});

describeWith({ commands: ["bash"] }, "completion in bash", () => {
  const script = `
    set -u
    # A command for the Tab key alone.
    compopt() { echo "compopt $1 $2"; }
    source <(sockact completion bash)
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _sockact sockact
    printf '%s\\n' "\${COMPREPLY[@]-}"
    complete -p sockact`;
  const completed = async (...words: string[]) =>
    lines((await outcomeOf(["bash", "-c", script, "bash", "sockact", ...words], shellFolder())).stdout);

  it("completes commands, options and choices", async () => {
    const registered = "complete -F _sockact sockact";
    expect(await completed("li")).toEqual(["lint", registered]);
    expect(await completed("lint", "--fo")).toEqual(["--format", registered]);
    expect(await completed("lint", "--format", "=", "js")).toEqual(["json", registered]);
    expect(await completed("lint", "--format", "=")).toEqual([
      "human",
      "json",
      "sarif",
      "github",
      registered,
    ]);
  });

  it("leaves files to bash itself", async () => {
    const registered = "complete -F _sockact sockact";
    expect(await completed("lint", "sh")).toEqual(["compopt -o default", registered]);
    expect(await completed("run", "--", "no")).toEqual(["compopt -o default", registered]);
  });
});

describeWith({ commands: ["zsh"] }, "the Tab key in zsh", () => {
  it("completes commands, options, choices and files", async () => {
    const steps = [
      ["sockact lin", "sockact lint"],
      ["sockact lint --sev", "--severity"],
      ["sockact lint --severity w", "--severity warning"],
      ["sockact lint --format=j", "--format=json"],
      ["sockact lint shop.so", "shop.socket"],
    ];
    const tries = steps.map(
      ([typed, seen]) =>
        `zpty -w -n tab $'${typed}\\t'; zpty -r tab text '*${seen}*'; zpty -w tab $'\\C-u'; print -r -- '${seen}'`,
    );
    // A zsh in a terminal of its own. `zpty -r` waits for what is to be seen.
    const script = `
      zmodload zsh/zpty
      zpty tab zsh -f -i
      zpty -w tab "PS1=; stty -echo; autoload -U compinit; compinit -u -D; source <(sockact completion zsh); echo rea''dy"
      zpty -r tab text '*ready*'
      ${tries.join("\n      ")}
      zpty -d tab`;
    const { stdout } = await outcomeOf(["zsh", "-f", "-c", script], shellFolder());
    expect(lines(stdout)).toEqual(steps.map(([, seen]) => seen));
  });
});

it("npm install --global puts the manual page where man finds it", () => {
  const prefix = folderWith({});
  const install = "install --global --offline --ignore-scripts --no-audit --no-fund --no-update-notifier";
  const folder = join(sockact, "../..");
  execFileSync("npm", [...install.split(" "), "--prefix", prefix, folder], {
    env: { ...process.env, HOME: prefix },
  });
  const page = readFileSync(join(prefix, "share/man/man1/sockact.1"), "utf8");
  expect(page).toMatch(/^\.TH SOCKACT 1 /);
});

describeWith({ commands: ["mandoc"] }, "the manual page", () => {
  const page = join(sockact, "../../dist/sockact.1");

  it("is in the package, and man has nothing against it", () => {
    const said = spawnSync("mandoc", ["-T", "lint", "-W", "warning", page], { encoding: "utf8" });
    // A date would make each build another one.
    expect(lines(said.stdout).filter((line) => !line.includes("missing date"))).toEqual([]);
  });

  it("has every command with its options, within 80 columns", async () => {
    const text = execFileSync("mandoc", ["-T", "utf8", "-O", "width=78", page], { encoding: "utf8" })
      // Bold, as printers did it.
      // oxlint-disable-next-line no-control-regex -- a backspace is what is looked for
      .replaceAll(/.\x08/g, "");
    expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
    const { stdout } = await outcome(["complete", "zsh", "--", ""]);
    for (const line of lines(stdout).slice(1)) {
      const command = line.split("\t")[0]!;
      if (command === "help") continue;
      expect(text).toContain(`sockact ${command}\n`);
      const options = await outcome(["complete", "zsh", "--", command, "--"]);
      for (const option of lines(options.stdout)
        .slice(1)
        .map((answer) => answer.split("\t")[0]!))
        expect(text).toContain(option);
    }
    expect((await outcome(["man"])).stdout).toContain(".TH SOCKACT 1");
  });
});
