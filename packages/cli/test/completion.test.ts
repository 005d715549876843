import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describeWith } from "@sockact/testkit";
import { describe, expect, it } from "vitest";
import { folderWith, outcome, outcomeOf } from "./outcome.ts";
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

  it("all commands, but not the one that the scripts call", async () => {
    const answers = await asked("");
    expect(answers).toEqual(expect.arrayContaining(["words", "lint", "run", "completion", "help"]));
    expect(answers).not.toContain("complete");
  });
});

it("sockact completion refuses another shell", async () => {
  const { code, stderr } = await outcome(["completion", "tcsh"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/Allowed choices are bash, zsh, fish\. \(ERR_USAGE\)/);
});

describeWith({ commands: ["bash"] }, "completion in bash", () => {
  const script = `
    set -u
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
    expect(await completed("lint", "sh")).toEqual(["complete -F _sockact sockact"]);
  });
});

describeWith({ commands: ["fish"] }, "completion in fish", () => {
  it("completes commands with what they do, choices and files", async () => {
    const completed = async (line: string) => {
      const script = `sockact completion fish | source; complete -C '${line}'`;
      return lines((await outcomeOf(["fish", "--no-config", "-c", script], shellFolder())).stdout);
    };
    expect(await completed("sockact lin")).toEqual(["lint\tFind mistakes in unit files"]);
    expect(await completed("sockact lint --format=j")).toEqual(["--format=json"]);
    expect(await completed("sockact lint --format ")).toEqual(["github", "human", "json", "sarif"]);
    expect(await completed("sockact lint shop.so")).toEqual(["shop.socket"]);
  });
});

describeWith({ commands: ["zsh"] }, "completion in zsh", () => {
  it("completes commands, options, choices and files at the Tab key", async () => {
    // A zsh in a terminal of its own. zpty -r waits for what is to be seen.
    const script = `
      zmodload zsh/zpty
      zpty tab zsh -f -i
      zpty -w tab "PS1=; stty -echo; autoload -U compinit; compinit -u -D; source <(sockact completion zsh); echo rea''dy"
      zpty -r tab seen '*ready*'
      try() { zpty -w -n tab "$1"; zpty -r tab seen "$2"; zpty -w tab $'\\C-u'; print -r -- "$3"; }
      try $'sockact lin\\t' '*sockact lint*' command
      try $'sockact lint --sev\\t' '*--severity*' option
      try $'sockact lint --severity w\\t' '*--severity warning*' choice
      try $'sockact lint --format=j\\t' '*--format=json*' 'choice after ='
      try $'sockact lint shop.so\\t' '*shop.socket*' file
      zpty -d tab`;
    const { stdout } = await outcomeOf(["zsh", "-f", "-c", script], shellFolder());
    expect(lines(stdout)).toEqual(["command", "option", "choice", "choice after =", "file"]);
  });
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
