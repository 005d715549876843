import { readFile, readdir } from "node:fs/promises";
import { type ListeningSocket, listeningSocketsIn } from "../../systemd/listening-sockets.ts";
import type { Host } from "../model/host.ts";
import { type ServiceProcess, socketsOf } from "./processes.ts";

/** The listening sockets in the network namespace of the doctor. Most services are in the same one. */
export async function listeningSockets(): Promise<ListeningSocket[]> {
  return listeningSocketsIn();
}

/** The listening sockets in the network namespace of a process. With PrivateNetwork= the process has a separate one. */
export async function listeningBeside({ pid }: ServiceProcess): Promise<ListeningSocket[]> {
  return listeningSocketsIn(`/proc/${pid}/net`);
}

/** The processes that have a socket open, by its inode. Without root, only the user's own processes are visible. */
export async function holders(): Promise<Map<number, number[]>> {
  const found = new Map<number, number[]>();
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  await Promise.all(
    pids.map(async (pid) => {
      for (const inode of (await socketsOf(pid)) ?? []) found.set(inode, [...(found.get(inode) ?? []), pid]);
    }),
  );
  return found;
}

/** A process for people: the beginning of its command line, because the rest may be a secret, and its unit. */
export async function describeProcess(host: Host, pid: number): Promise<{ command: string; unit: string }> {
  const [cmdline, name, group] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""),
    readFile(`/proc/${pid}/comm`, "utf8").catch(() => ""),
    readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => ""),
  ]);
  const unit = host.manager.user ? /([^/\n]+\.\w+)\/?$/m : /([^/\n]+\.(?:service|scope))(?:\/|$)/m;
  return {
    // nginx and others write a title over their command line, all in one word.
    command: cmdline === "" ? name.trim() : cmdline.split("\0").slice(0, 2).join(" ").trim(),
    unit: unit.exec(group)?.[1] ?? "",
  };
}
