import { access, constants, realpath, stat } from "node:fs/promises";
import { basename } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { execFile } from "node:child_process";
import type { Subject } from "../model/subject.ts";
import { processes } from "./processes.ts";
import { serviceProperties } from "./properties.ts";

/** The command of ExecStart=. */
export interface Program {
  path: string;
  /** All words, the program first, as `systemctl show` prints them. It prints no quotes, so a word with a space becomes several words. */
  words: string[];
}

/** The command that the service runs. `undefined` if the unit is not loaded. */
export async function program(subject: Subject): Promise<Program | undefined> {
  const text = (await subject.get(serviceProperties)).get("ExecStart");
  const [, path, line] = /^\{ path=(.*?) ; argv\[\]=(.*?) ; (?:ignore_errors|flags)=/m.exec(text) ?? [];
  return path === undefined || line === undefined ? undefined : { path, words: line.split(" ") };
}

/** The file of the service's Node: the program of its process, or the first word of ExecStart= that is named node. */
export async function nodeBinary(subject: Subject): Promise<string | undefined> {
  const running = (await subject.get(processes)).map((each) => each.program);
  const { path = "", words = [] } = (await subject.get(program)) ?? {};
  return [...running, path, ...words].find((file) => file.startsWith("/") && basename(file) === "node");
}

/** The version of that Node, such as 20.19.0. Runs Node, but no code of the app. */
export async function nodeVersion(subject: Subject): Promise<string | undefined> {
  const file = await subject.get(nodeBinary);
  if (file === undefined) return undefined;
  try {
    const { stdout } = await promisify(execFile)(file, ["--version"], await unprivileged(file));
    return /^v(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch (error) {
    const isClosed = (error as NodeJS.ErrnoException).code === "EACCES";
    if (isClosed && (await isFile(file)))
      subject.host.cannotSee(
        `The version of ${file}. As root, the doctor runs a Node of another user as the user nobody, who can't reach this file.`,
        `${file} --version # as its owner`,
      );
    return undefined;
  }
}

/** As root, a program that another user can replace runs as nobody. */
async function unprivileged(
  file: string,
): Promise<{ uid?: number; gid?: number; env: Record<string, string> }> {
  if (process.getuid?.() !== 0) return { env: {} };
  const { uid, mode } = await stat(await realpath(file));
  return uid === 0 && (mode & 0o022) === 0 ? { env: {} } : { uid: 65_534, gid: 65_534, env: {} };
}

async function isFile(file: string): Promise<boolean> {
  return access(file, constants.F_OK).then(
    () => true,
    () => false,
  );
}
