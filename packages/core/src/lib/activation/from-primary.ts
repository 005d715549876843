import cluster from "node:cluster";
import { statSync } from "node:fs";
import process from "node:process";
import type { ReadOutcome } from "./activation.ts";
import { classifyInodes } from "./classify.ts";
import { CLUSTER_VARIABLE, parseClusterVariable } from "./cluster-variable.ts";
import type { ActivatedSocket, PassedSocket } from "./passed-socket.ts";
import { LISTEN_FDS_START, parseListenEnvironment } from "./protocol/parse-environment.ts";
import { warn } from "../shared/warnings.ts";
import { recordTo } from "../shared/record.ts";
import { waitToServe } from "./serving.ts";

/**
 * The sockets of this worker's primary: those that the primary announced, or, if it does not import sockact,
 * those that were passed to it. Undefined if there are none. Does not use the worker's descriptors:
 * descriptor 3 is the channel to the primary.
 *
 * @throws ActivationError the errors of parseListenEnvironment()
 */
export function readFromPrimary(): ReadOutcome | undefined {
  const state = parseClusterVariable(process.env[CLUSTER_VARIABLE], process.ppid);
  if (state !== undefined) {
    if (state.isWaiting) waitToServe();
    if (state.hasJournal === true) recordTo("primary");
    return {
      activated: true,
      sockets: state.sockets.map(({ socket, inode }) => socketOfPrimary(socket, inode)),
    };
  }
  const environment = parseListenEnvironment(process.env, process.ppid);
  if (!environment.activated) return undefined;
  const sockets = socketsOfPrimary(environment.names);
  // Only the first worker warns.
  if (cluster.worker?.id === 1) {
    warn(
      "SOCKACT_WARN_PRIMARY",
      `The primary of this cluster (pid ${process.ppid}) does not import sockact: its workers serve the sockets, but when all of them have ended, ` +
        "no other worker can serve them. A stop may lose requests, and the service manager gets no messages.",
      'Import sockact in the primary too, before the first fork(): import "@sockact/core";',
    );
  }
  return { activated: true, sockets };
}

function socketsOfPrimary(names: readonly string[]): PassedSocket[] {
  const descriptors = names.map((name, index) => ({
    name,
    fd: LISTEN_FDS_START + index,
    inode: inodeOfPrimary(LISTEN_FDS_START + index),
  }));
  const facts = classifyInodes(new Set(descriptors.flatMap(({ inode }) => inode ?? [])));
  return descriptors.map(({ name, fd, inode }) =>
    socketOfPrimary(
      Object.freeze({
        fd,
        name,
        ...(facts.get(inode ?? 0) ?? {
          kind: inode === undefined ? ("other" as const) : ("unknown" as const),
          family: "unknown" as const,
          address: null,
        }),
      }),
      inode,
    ),
  );
}

function socketOfPrimary(socket: ActivatedSocket, inode: number | undefined): PassedSocket {
  const { fd, name } = socket;
  return {
    fd,
    name,
    socket,
    inode,
    classified: socket,
    openedSocket: undefined,
    claimed: false,
    fromPrimary: true,
  };
}

/** Undefined if a descriptor is not a socket. 0 if this process may not read its primary's /proc. */
function inodeOfPrimary(fd: number): number | undefined {
  try {
    const stats = statSync(`/proc/${process.ppid}/fd/${fd}`, { bigint: true });
    return stats.isSocket() ? Number(stats.ino) : undefined;
  } catch {
    return 0;
  }
}
