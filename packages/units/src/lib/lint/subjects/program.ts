import { valueOf, type LoadedUnit, type Setting } from "../../parse/load.ts";
import { commandsOf, wordsOf, type Command } from "../../parse/words.ts";
import { nodeCommand, preloadsOfOptions, type NodeCommand } from "../../node/command-line.ts";
import { isLauncherOfAny, isLauncherOfNode, launcherOf } from "../../node/launcher.ts";
import { isRegister } from "../../node/register.ts";
import { isNodeName } from "../../node/runtime.ts";
import { baseOf } from "../../systemd/folders.ts";

/** What a service runs. */
export interface Program {
  setting: Setting;
  command: Command;
  /** The program itself and its arguments, with `/usr/bin/env` taken off. */
  words: readonly string[];
  /** The name of the program's file. */
  name: string;
  /** The options with which env(1) takes LISTEN_PID and LISTEN_FDS away, as they are written. */
  cleared: string | undefined;
  /** What a shell is told to run. */
  script: string | undefined;
  /** The package manager, or another tool, that runs it as a child; also if a shell runs that. */
  launcher: string | undefined;
  /** The command line of Node, if Node itself is the program; for a script that names Node in its first line, as if Node ran it. */
  node: NodeCommand | undefined;
  /** Whether it is Node, however it is run. */
  isNode: boolean;
}

const isScriptFile = (word: string): boolean => /\.[cm]?js$/.test(word);
const isOfNode = (word: string): boolean =>
  isNodeName(baseOf(word)) ||
  baseOf(word) === "ts-node" ||
  isScriptFile(word) ||
  isLauncherOfNode(baseOf(word));

const shells = /^(?:ba|da|a|z|k)?sh$/;

/** The words behind env(1): its options and variables are taken off, and `-S` splits its value. */
function behindEnv(words: readonly string[]): readonly string[] {
  if (baseOf(words[0] ?? "") !== "env") return words;
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at]!;
    const [, split] = /^(?:-[iv]*S|--split-string=)(.*)$/s.exec(word) ?? [];
    if (split !== undefined || word === "--split-string") {
      const text = split || (words[(at += 1)] ?? "");
      return behindEnv(["env", ...wordsOf(text).words, ...words.slice(at + 1)]);
    }
    if (/^(?:-[uC]|--unset|--chdir)$/.test(word)) at += 1;
    else if (!/^-|=/.test(word)) return words.slice(at);
  }
  return words;
}

/** What takes the variables of sockets away, among env(1) and its options. */
function clearedBy(words: readonly string[]): string | undefined {
  if (baseOf(words[0] ?? "") !== "env") return undefined;
  return words.find(
    (word, index) =>
      /^(?:-|-[a-zA-Z]*i[a-zA-Z]*|--ignore-environment)$/.test(word) ||
      /^(?:-u|--unset=)LISTEN_(?:FDS|PID)$/.test(word) ||
      (/^(?:-u|--unset)$/.test(word) && /^LISTEN_(?:FDS|PID)$/.test(words[index + 1] ?? "")),
  );
}

/** The simple commands of a shell's script, without variables, `exec` and the like before them. */
function commandsIn(script: string): string[][] {
  return script
    .split(/&&|\|\||[;&|\n(){}]/)
    .map((command) =>
      (command.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? []).map((word) => word.replace(/^["']|["']$/g, "")),
    )
    .map((words) => {
      const first = words.findIndex((word) => !/^(?:exec|command|then|do|else|if|!|-\w|\w+=.*)$/s.test(word));
      return first < 0 ? [] : [...behindEnv(words.slice(first))];
    })
    .filter((words) => words.length > 0);
}

/** What Node, or what stands for it, is told to run. */
function nodeOf(words: readonly string[]): NodeCommand | undefined {
  const [first = "", ...rest] = words;
  if (isScriptFile(first)) return { options: [], preloads: [], script: first };
  return isNodeName(baseOf(first)) || baseOf(first) === "ts-node" ? nodeCommand([first, ...rest]) : undefined;
}

/** The program of a service, with its NODE_OPTIONS. */
export function programOf(unit: LoadedUnit, nodeOptions: string): Program | undefined {
  const setting = valueOf(unit, "Service", "ExecStart");
  const [command] = setting === undefined ? [] : commandsOf(setting.value, unit.name).commands;
  if (setting === undefined || command === undefined) return undefined;
  const words = behindEnv(
    command.signs.includes("@") ? [command.path, ...command.argv.slice(1)] : command.argv,
  );
  const name = baseOf(words[0]!);
  const flag = words.findIndex((word, index) => index > 0 && /^-[a-z]*c$/.test(word));
  const script = shells.test(name) && flag > 0 ? words[flag + 1] : undefined;
  const node = nodeOf(words);
  const run = script === undefined ? [words] : commandsIn(script);
  const launcher = run.map((one) => launcherOf(one, nodeOf(one))).find((one) => one !== undefined);
  return {
    setting,
    command,
    words,
    name,
    cleared: clearedBy(command.argv.slice(0, -words.length)),
    script,
    launcher,
    node,
    // A preload of ours says that a script starts Node, whatever its name.
    isNode:
      preloadsOfOptions(nodeOptions).some(isRegister) ||
      run.some(
        (one) => isOfNode(one[0]!) || (isLauncherOfAny(baseOf(one[0]!)) && one.slice(1).some(isOfNode)),
      ),
  };
}

/** Whether a shell is sure to become the program that it runs: after `exec`, or if bash has one simple command to run. */
export function keepsProcess({ name, script = "" }: Program): boolean {
  return /\bexec\s/.test(script) || (name === "bash" && !/[|<>&;`()\n]/.test(script));
}
