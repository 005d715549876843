import { readdirSync, readFileSync, readlinkSync } from "node:fs";

// A process may end at any time, or belong to another user. The results are then empty.

/** The names in a folder. */
export function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The content of a file. */
export function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** The target of a symbolic link. */
export function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** All processes. */
export const allPids = (): number[] =>
  list("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/**
 * The fields of proc_pid_stat(5) from the state on. The program's name may contain anything, but no
 * parenthesis follows it.
 */
export function statOf(path: string): string[] {
  const text = read(path);
  return text === "" ? [] : text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** The inodes of a process's open sockets. `undefined` if not visible. */
export function socketsOf(pid: number): ReadonlySet<number> | undefined {
  const folder = `/proc/${pid}/fd`;
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return undefined;
  }
  const inodes = names.map((name) => /^socket:\[(\d+)\]$/.exec(linkOf(`${folder}/${name}`))?.[1]);
  return new Set(inodes.flatMap((inode) => (inode === undefined ? [] : Number(inode))));
}

/** The inodes that an event loop of the process waits for: proc_pid_fdinfo(5) lists them for an epoll. */
export function watchedBy(pid: number): ReadonlySet<number> {
  const folder = `/proc/${pid}/fdinfo`;
  const texts = list(folder).map((name) => read(`${folder}/${name}`));
  const inodes = texts.flatMap((text) => [...text.matchAll(/^tfd:.* ino:([\da-f]+) /gm)]);
  return new Set(inodes.map(([, inode = ""]) => Number.parseInt(inode, 16)));
}
