import { execFile } from "node:child_process";
import { realpathSync } from "node:fs";
import { basename } from "node:path";
import { promisify } from "node:util";
import { versionOf } from "../../app/find-node.ts";
import { commandOf } from "../../shared/properties.ts";
import { distrustOfRoot } from "../../shared/trusted-path.ts";
import { shellWord } from "../../shared/shell-words.ts";
import type { Subject } from "../model/subject.ts";
import { environment, valueOf } from "./files.ts";
import { processes } from "./processes.ts";
import { serviceUnit } from "./units.ts";

/** The command of ExecStart=. */
export interface Program {
  path: string;
  /** All words, the program first. A word with a space is split. */
  words: string[];
}

/** The command that the service runs. `undefined` if the unit is not loaded. */
export async function program(subject: Subject): Promise<Program | undefined> {
  const command = commandOf((await subject.get(serviceUnit)).get("ExecStart"));
  return command && { path: command.path, words: command.line.split(" ") };
}

/** The service's Node: the program of its process, or the first word of ExecStart= that is named node. */
export async function nodeBinary(subject: Subject): Promise<string | undefined> {
  const running = (await subject.get(processes)).map((each) => each.program);
  const { path = "", words = [] } = (await subject.get(program)) ?? {};
  return [...running, path, ...words].find((file) => file.startsWith("/") && basename(file) === "node");
}

/**
 * The version of that Node, such as 20.19.0. Runs Node, but no code of the app. Root runs only a Node that
 * other users can't replace. For other ones, the path and nearby headers may show the version.
 */
export async function nodeVersion(subject: Subject): Promise<string | undefined> {
  const file = await subject.get(nodeBinary);
  if (file === undefined) return undefined;
  try {
    if (subject.host.isRoot && distrustOfRoot(file) !== undefined) return versionByFiles(subject, file);
    const { stdout } = await promisify(execFile)(file, ["--version"], { env: {} });
    return /^v(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

function versionByFiles(subject: Subject, file: string): string | undefined {
  const version = versionOf(realpathSync(file));
  if (version === undefined)
    subject.host.cannotSee(
      `The version of ${file}. Another user can replace this file, so the doctor does not run it as root.`,
      `${shellWord(file)} --version # as its owner`,
    );
  return version;
}

/** The options of Node: the words of NODE_OPTIONS and of ExecStart=. */
export async function nodeOptions(subject: Subject): Promise<string[]> {
  const [variables, command] = await subject.all(environment, program);
  const options = valueOf(variables, "NODE_OPTIONS")?.split(" ") ?? [];
  return [...options, ...(command?.words.slice(1) ?? [])];
}
