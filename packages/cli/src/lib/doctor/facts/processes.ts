import { readFile, readdir, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { sudoCommand } from "../../shared/own-command.ts";
import { shellWord } from "../../shared/shell-words.ts";
import { type GroupProcess, pidsOf, readProcess } from "../../systemd/control-group.ts";
import type { Subject } from "../model/subject.ts";
import { serviceProperties } from "./properties.ts";

/** A process of the service. */
export interface ServiceProcess extends GroupProcess {
  /** The file that it runs. Empty if it is not visible. */
  program: string;
  /** The inodes of the sockets that it has open. `undefined` if they are not visible. */
  sockets: ReadonlySet<number> | undefined;
  /** The inodes for which one of its event loops waits. */
  watched: ReadonlySet<number>;
  /** Its working directory. Empty if it is not visible. */
  folder: string;
  /** How many descriptors systemd has passed to it (LISTEN_FDS). `undefined` if its environment is not visible. */
  passed: number | undefined;
  isMain: boolean;
}

/** The processes of the service, its main process first. None while it sleeps. */
export async function processes(subject: Subject): Promise<ServiceProcess[]> {
  const service = await subject.get(serviceProperties);
  const main = Number(service.get("MainPID"));
  const pids = new Set(main > 0 ? [main] : []);
  const group = service.get("ControlGroup");
  if (group !== "") for (const pid of await pidsOf(group)) pids.add(pid);
  const found = await Promise.all([...pids].map((pid) => look(pid, pid === main)));
  const all = found.filter((each) => each !== undefined);
  if (all.some(({ sockets }) => sockets === undefined))
    subject.host.cannotSee(
      `You may not see the open files of ${subject.service}.`,
      `${sudoCommand()} doctor ${shellWord(subject.service)}`,
    );
  return all;
}

/** Whether it runs Node or Bun, whose event loop is an epoll. */
export const isJavaScript = ({ program, words: [first = ""] }: ServiceProcess): boolean =>
  /^(?:node|nodejs|bun)\d*$/.test(basename(program || first));

async function look(pid: number, isMain: boolean): Promise<ServiceProcess | undefined> {
  const proc = `/proc/${pid}`;
  const [common, program, folder, environ, sockets, watched] = await Promise.all([
    readProcess(pid),
    readlink(`${proc}/exe`).catch(() => ""),
    readlink(`${proc}/cwd`).catch(() => ""),
    readFile(`${proc}/environ`, "utf8").catch(() => undefined),
    socketsOf(pid),
    watchedBy(pid),
  ]);
  if (common === undefined) return undefined;
  return {
    ...common,
    program: program.replace(/ \(deleted\)$/, ""),
    sockets,
    watched,
    folder,
    passed: hasOwnEnvironment(program, environ)
      ? Number(/(?:^|\0)LISTEN_FDS=(\d+)/.exec(environ)?.[1] ?? 0)
      : undefined,
    isMain,
  };
}

/** Before a process becomes the app, it has the environment of systemd. While it ends, its environment is empty. */
const hasOwnEnvironment = (program: string, environ: string | undefined): environ is string =>
  environ !== undefined && environ !== "" && !/^systemd(?:-executor)?$/.test(basename(program));

/** The inodes of the sockets that a process has open. `undefined` if they are not visible. */
export async function socketsOf(pid: number): Promise<ReadonlySet<number> | undefined> {
  let names: string[];
  try {
    names = await readdir(`/proc/${pid}/fd`);
  } catch {
    return undefined;
  }
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => "")));
  return new Set(links.flatMap((link) => Number(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? 0) || []));
}

/** proc_pid_fdinfo(5): an epoll lists the inodes that it watches. */
async function watchedBy(pid: number): Promise<ReadonlySet<number>> {
  const names = await readdir(`/proc/${pid}/fdinfo`).catch(() => []);
  const texts = await Promise.all(
    names.map((name) => readFile(`/proc/${pid}/fdinfo/${name}`, "utf8").catch(() => "")),
  );
  return new Set(
    texts.flatMap((text) =>
      [...text.matchAll(/^tfd:.* ino:([\da-f]+) /gm)].map(([, inode = ""]) => Number.parseInt(inode, 16)),
    ),
  );
}
