import { basename } from "node:path";
import { linkOf, read, socketsOf, watchedBy } from "../../shared/proc.ts";
import { type GroupProcess, pidsOf, readProcess } from "../../systemd/control-group.ts";
import type { Subject } from "../model/subject.ts";
import { serviceUnit } from "./units.ts";

/** A process of the service. */
export interface ServiceProcess extends GroupProcess {
  /** The file that it runs. Empty if not visible. */
  program: string;
  /** The inodes of its open sockets. `undefined` if not visible. */
  sockets: ReadonlySet<number> | undefined;
  /** The inodes that its event loops wait for. */
  watched: ReadonlySet<number>;
  /** Its working directory. Empty if not visible. */
  folder: string;
  /**
   * The number of descriptors that systemd passed (LISTEN_FDS). `undefined` if its environment is not
   * visible.
   */
  passed: number | undefined;
  isMain: boolean;
}

/** The processes of the service, its main process first. None while it sleeps. */
export async function processes(subject: Subject): Promise<ServiceProcess[]> {
  const service = await subject.get(serviceUnit);
  const main = Number(service.get("MainPID"));
  const pids = new Set(main > 0 ? [main] : []);
  const group = service.get("ControlGroup");
  if (group !== "") for (const pid of await pidsOf(group)) pids.add(pid);
  const all = [...pids].map((pid) => look(pid, pid === main)).filter((each) => each !== undefined);
  if (all.some(({ sockets }) => sockets === undefined))
    subject.host.cannotSee(
      `You may not see the open files of ${subject.service}.`,
      subject.command("doctor"),
    );
  return all;
}

/** Whether it runs Node or Bun, whose event loop uses epoll. */
export const isJavaScript = ({ program, words: [first = ""] }: ServiceProcess): boolean =>
  /^(?:node|nodejs|bun)\d*$/.test(basename(program || first));

function look(pid: number, isMain: boolean): ServiceProcess | undefined {
  const common = readProcess(pid);
  if (common === undefined) return undefined;
  const program = linkOf(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, "");
  const environ = read(`/proc/${pid}/environ`);
  // A process has systemd's environment before it becomes the app, and an empty one while it ends.
  const isOfApp = environ !== "" && !/^systemd(?:-executor)?$/.test(basename(program));
  return {
    ...common,
    program,
    sockets: socketsOf(pid),
    watched: watchedBy(pid),
    folder: linkOf(`/proc/${pid}/cwd`),
    passed: isOfApp ? Number(/(?:^|\0)LISTEN_FDS=(\d+)/.exec(environ)?.[1] ?? 0) : undefined,
    isMain,
  };
}
