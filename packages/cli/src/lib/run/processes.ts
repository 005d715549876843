import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import { allPids, socketsOf, statOf } from "../shared/proc.ts";

export interface ProcessInfo {
  pid: number;
  parent: number;
  group: number;
  /** Its start time, as the system reports it, because process IDs are reused. */
  started: string;
}

/** The descendants of this process in the same process group. */
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

/** The processes that still run. */
export async function stillRunning(processes: readonly ProcessInfo[]): Promise<ProcessInfo[]> {
  if (processes.length === 0) return [];
  const all = new Map((await runningProcesses()).map((each) => [each.pid, each.started]));
  return processes.filter(({ pid, started }) => all.get(pid) === started);
}

/** Other processes of the user that have one of these sockets open. Empty without /proc, as on macOS. */
export async function holdersOf(inodes: ReadonlySet<number>): Promise<ProcessInfo[]> {
  if (process.platform !== "linux") return [];
  return (await runningProcesses()).filter(({ pid }) => {
    const open = pid === process.pid ? undefined : socketsOf(pid);
    return [...inodes].some((inode) => open?.has(inode));
  });
}

/** All processes except zombies. */
async function runningProcesses(): Promise<ProcessInfo[]> {
  // Many container images have no ps.
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
