import { valueOf, type LoadedUnit, type Setting } from "../../parse/load.ts";
import { commandsOf, wordsOf, type Command } from "../../parse/words.ts";
import { nodeCommand, preloadsOfOptions, type NodeCommand } from "../../node/command-line.ts";
import { isLauncherOfAny, isLauncherOfNode, launcherOf } from "../../node/launcher.ts";
import { isRegister } from "../../node/register.ts";
import { isNodeName } from "../../node/runtime.ts";
import { baseOf } from "../../systemd/folders.ts";

/** The program that a service runs. */
export interface Program {
  setting: Setting;
  command: Command;
  /** The program and its arguments, without `/usr/bin/env`. */
  words: readonly string[];
  /** The name of the program's file. */
  name: string;
  /** The options of env(1) that remove LISTEN_PID and LISTEN_FDS. */
  cleared: string | undefined;
  /** The script that a shell runs. */
  script: string | undefined;
  /** The package manager or other tool that runs the app as a child process, possibly started by a shell. */
  launcher: string | undefined;
  /**
   * The command line of Node, if Node is the program. For a script with Node in its first line, as if Node
   * ran it.
   */
  node: NodeCommand | undefined;
  /** Whether the program is Node, directly or through another program. */
  isNode: boolean;
  /** Whether the program has the prefix `+`, which disables the unit's sandbox; see systemd.service(5). */
  isUnconfined: boolean;
  /**
   * Whether the program has the prefix `+` or `!`. It then runs as root in spite of User=. With `!!` it does
   * not.
   */
  keepsRoot: boolean;
}

const isScriptFile = (word: string): boolean => /\.[cm]?js$/.test(word);
const isOfNode = (word: string): boolean =>
  isNodeName(baseOf(word)) ||
  baseOf(word) === "ts-node" ||
  isScriptFile(word) ||
  isLauncherOfNode(baseOf(word));

const shells = /^(?:ba|da|a|z|k)?sh$/;

/** The words after env(1), its options and variables. The value of `-S` is split. */
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

/** The options of env(1) that remove the variables of sockets. */
function clearedBy(words: readonly string[]): string | undefined {
  if (baseOf(words[0] ?? "") !== "env") return undefined;
  return words.find(
    (word, index) =>
      /^(?:-|-[a-zA-Z]*i[a-zA-Z]*|--ignore-environment)$/.test(word) ||
      /^(?:-u|--unset=)LISTEN_(?:FDS|PID)$/.test(word) ||
      (/^(?:-u|--unset)$/.test(word) && /^LISTEN_(?:FDS|PID)$/.test(words[index + 1] ?? "")),
  );
}

/** The simple commands of a shell script, without leading variables, `exec` and similar words. */
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

/** The command line of Node, or of the script that Node runs. */
function nodeOf(words: readonly string[]): NodeCommand | undefined {
  const [first = "", ...rest] = words;
  if (isScriptFile(first)) return { options: [], preloads: [], script: first };
  return isNodeName(baseOf(first)) || baseOf(first) === "ts-node" ? nodeCommand([first, ...rest]) : undefined;
}

/** Returns the program of a service, with its NODE_OPTIONS. */
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
  const launcher = run
    .map((one) => launcherOf(one, nodeOf(one)))
    // An earlier command in a shell may only prepare something.
    .find((one, at) => one !== undefined && (at === run.length - 1 || isLauncherOfNode(one)));
  return {
    setting,
    command,
    words,
    name,
    cleared: clearedBy(command.argv.slice(0, -words.length)),
    script,
    launcher,
    node,
    // A sockact preload shows that a script starts Node, whatever its name is.
    isNode:
      preloadsOfOptions(nodeOptions).some(isRegister) ||
      run.some(
        (one) => isOfNode(one[0]!) || (isLauncherOfAny(baseOf(one[0]!)) && one.slice(1).some(isOfNode)),
      ),
    isUnconfined: command.signs.includes("+"),
    keepsRoot: /\+|(?<!!)!(?!!)/.test(command.signs),
  };
}

/** Whether the shell is replaced by the program: with `exec`, or if bash runs a single simple command. */
export function keepsProcess({ name, script = "" }: Program): boolean {
  return /\bexec\s/.test(script) || (name === "bash" && !/[|<>&;`()\n]/.test(script));
}
