import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

/** A process of a control group. */
export interface GroupProcess {
  pid: number;
  /** The process that has started it, or the service manager after that one has ended. */
  parent: number;
  /** When it was started, in clock ticks since the boot. */
  started: number;
  /** Its command line. npm and others write a title over it, all in one word. */
  words: string[];
}

/** The processes of a control group, as `ControlGroup` of a unit names it, and of those below it. */
export async function pidsOf(group: string): Promise<number[]> {
  const folder = join("/sys/fs/cgroup", group);
  const listed = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "");
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const below = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map(({ name }) => pidsOf(join(group, name))),
  );
  return [...listed.split("\n").filter(Boolean).map(Number), ...below.flat()];
}

/** What everyone may read of a process. A process may end at any time. Then it has no command line. */
export async function readProcess(pid: number): Promise<GroupProcess | undefined> {
  const [cmdline, fields = []] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""),
    statOf(`/proc/${pid}/stat`),
  ]);
  if (cmdline === "") return undefined;
  return {
    pid,
    parent: Number(fields[1]),
    started: Number(fields[19]),
    words: cmdline.replace(/\0+$/, "").split("\0"),
  };
}

/** What the main thread of a process does. */
export interface Activity {
  /** As in proc_pid_stat(5): `R` if it runs, `S` if it waits. */
  state: string;
  /** The processor time that it has used, in clock ticks. */
  ticks: number;
}

/** What the main thread of a process does now. `undefined` if the process has ended. */
export async function readActivity(pid: number): Promise<Activity | undefined> {
  const fields = await statOf(`/proc/${pid}/task/${pid}/stat`);
  return fields && { state: fields[0]!, ticks: Number(fields[11]) + Number(fields[12]) };
}

async function statOf(path: string): Promise<string[] | undefined> {
  const stat = await readFile(path, "utf8").catch(() => "");
  return stat === "" ? undefined : statFields(stat);
}

/** proc_pid_stat(5), from the state on: the name of the program may contain anything, but no parenthesis follows it. */
export const statFields = (stat: string): string[] => stat.slice(stat.lastIndexOf(")") + 2).split(" ");

/** The arguments. systemd may start Node by a symlink, and Node starts itself by its real path. A title in place of the command line is one word. */
const argumentsOf = ({ words }: GroupProcess): string =>
  (words.length > 1 ? words.slice(1) : words).join("\0");

/**
 * The processes of a service that was handed over to its main process, and that have not ended yet. They have the arguments of the main process, and were
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

/** The process ids of these processes of a unit, from its properties `ControlGroup` and `MainPID`. */
export async function oldPidsOf(group: string, mainPid: number): Promise<number[]> {
  if (group === "" || mainPid === 0) return [];
  const pids = await pidsOf(group);
  if (pids.length < 2) return [];
  const all = (await Promise.all(pids.map(readProcess))).filter((each) => each !== undefined);
  return oldProcesses(all, mainPid).map(({ pid }) => pid);
}
