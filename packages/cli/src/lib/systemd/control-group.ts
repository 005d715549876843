import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { read, statOf } from "../shared/proc.ts";

/** A process of a control group. */
export interface GroupProcess {
  pid: number;
  /** Its parent process, or the service manager after that has ended. */
  parent: number;
  /** Its start time, in clock ticks since the boot. */
  started: number;
  /** Its command line. npm and others replace it by a title, as one word. */
  words: string[];
}

/** The processes of a control group (`ControlGroup` of a unit) and its subgroups. */
export async function pidsOf(group: string): Promise<number[]> {
  const folder = join("/sys/fs/cgroup", group);
  const listed = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "");
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const below = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map(({ name }) => pidsOf(join(group, name))),
  );
  return [...listed.split("\n").filter(Boolean).map(Number), ...below.flat()];
}

/** What everyone may read about a process. It may end at any time, and then has no command line. */
export function readProcess(pid: number): GroupProcess | undefined {
  const cmdline = read(`/proc/${pid}/cmdline`);
  if (cmdline === "") return undefined;
  const fields = statOf(`/proc/${pid}/stat`);
  return {
    pid,
    parent: Number(fields[1]),
    started: Number(fields[19]),
    words: cmdline.replace(/\0+$/, "").split("\0"),
  };
}

/** The activity of a process's main thread. */
export interface Activity {
  /** As in proc_pid_stat(5): `R` for running, `S` for waiting. */
  state: string;
  /** The used processor time, in clock ticks. */
  ticks: number;
}

/** The current activity of a process's main thread. `undefined` if the process has ended. */
export function readActivity(pid: number): Activity | undefined {
  const [state, ...fields] = statOf(`/proc/${pid}/task/${pid}/stat`);
  return state === undefined ? undefined : { state, ticks: Number(fields[10]) + Number(fields[11]) };
}

/**
 * The arguments. systemd may start Node by a symlink, whereas Node starts itself by its real path. A title
 * instead of the command line is one word.
 */
const argumentsOf = ({ words }: GroupProcess): string =>
  (words.length > 1 ? words.slice(1) : words).join("\0");

/**
 * The old processes of a handover that have not ended. They have the arguments of the main process, and
 * started before it.
 */
export function oldProcesses<Process extends GroupProcess>(
  all: readonly Process[],
  mainPid: number,
): Process[] {
  const main = all.find(({ pid }) => pid === mainPid);
  if (main === undefined) return [];
  return all.filter(
    (process) => process.started < main.started && argumentsOf(process) === argumentsOf(main),
  );
}

/** The IDs of these processes, from the unit's properties `ControlGroup` and `MainPID`. */
export async function oldPidsOf(group: string, mainPid: number): Promise<number[]> {
  if (group === "" || mainPid === 0) return [];
  const pids = await pidsOf(group);
  if (pids.length < 2) return [];
  const all = pids.map(readProcess).filter((each) => each !== undefined);
  return oldProcesses(all, mainPid).map(({ pid }) => pid);
}
