import { execFile } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { promisify } from "node:util";
import { statFields } from "../systemd/control-group.ts";

export interface ProcessInfo {
  pid: number;
  parent: number;
  group: number;
  /** When it started, as the system reports it: a process ID may be used again. */
  started: string;
}

/** The processes of the same process group that this one has started, and those that they have started, and so on. */
export async function startedBy(pid: number): Promise<ProcessInfo[]> {
  const all = await runningProcesses();
  const group = all.find((each) => each.pid === pid)?.group;
  const found: ProcessInfo[] = [];
  for (let parents = new Set([pid]); parents.size > 0;) {
    const children = all.filter(({ parent }) => parents.has(parent));
    found.push(...children);
    parents = new Set(children.map((child) => child.pid));
  }
  return found.filter((each) => each.group === group);
}

/** Those of the processes that still run. */
export async function stillRunning(processes: readonly ProcessInfo[]): Promise<ProcessInfo[]> {
  if (processes.length === 0) return [];
  const all = new Map((await runningProcesses()).map((each) => [each.pid, each.started]));
  return processes.filter(({ pid, started }) => all.get(pid) === started);
}

/** Other processes of the user that have one of these sockets open. Without /proc, as on macOS, none is known. */
export async function holdersOf(inodes: ReadonlySet<number>): Promise<ProcessInfo[]> {
  if (process.platform !== "linux") return [];
  const links = new Set(Array.from(inodes, (inode) => `socket:[${inode}]`));
  return (await runningProcesses()).filter(
    ({ pid }) =>
      pid !== process.pid && list(`/proc/${pid}/fd`).some((fd) => links.has(linkOf(`/proc/${pid}/fd/${fd}`))),
  );
}

/** All processes without zombies, which have ended. */
async function runningProcesses(): Promise<ProcessInfo[]> {
  // Container images often have no ps.
  return process.platform === "linux"
    ? list("/proc").flatMap((name) => (/^\d+$/.test(name) ? fromStat(Number(name)) : []))
    : fromPs();
}

function fromStat(pid: number): ProcessInfo[] {
  const fields = statFields(read(`/proc/${pid}/stat`));
  const [state = "Z", parent, group] = fields;
  return /[ZX]/.test(state)
    ? []
    : [{ pid, parent: Number(parent), group: Number(group), started: fields[19] ?? "" }];
}

async function fromPs(): Promise<ProcessInfo[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,pgid=,stat=,lstart="]);
  return stdout.split("\n").flatMap((line) => {
    const [pid, parent, group, state = "Z", ...started] = line.trim().split(/\s+/);
    return state.startsWith("Z")
      ? []
      : [{ pid: Number(pid), parent: Number(parent), group: Number(group), started: started.join(" ") }];
  });
}

// A process may end at any time, or belong to another user.
export function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

export function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
