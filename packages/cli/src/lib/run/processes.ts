import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import { allPids, socketsOf, statOf } from "../shared/proc.ts";

export interface ProcessInfo {
  pid: number;
  parent: number;
  group: number;
  /** When it started, as the system reports it: a process ID may be used again. */
  started: string;
}

/**
 * The processes of the same process group that this one has started, and those that they have started, and so
 * on.
 */
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

/**
 * Other processes of the user that have one of these sockets open. Without /proc, as on macOS, none is known.
 */
export async function holdersOf(inodes: ReadonlySet<number>): Promise<ProcessInfo[]> {
  if (process.platform !== "linux") return [];
  return (await runningProcesses()).filter(({ pid }) => {
    const open = pid === process.pid ? undefined : socketsOf(pid);
    return [...inodes].some((inode) => open?.has(inode));
  });
}

/** All processes without zombies, which have ended. */
async function runningProcesses(): Promise<ProcessInfo[]> {
  // Container images often have no ps.
  return process.platform === "linux" ? allPids().flatMap(fromStat) : fromPs();
}

function fromStat(pid: number): ProcessInfo[] {
  const fields = statOf(`/proc/${pid}/stat`);
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
