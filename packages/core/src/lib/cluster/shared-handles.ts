import net from "node:net";
import { constants } from "node:os";
import { missingInternals } from "../shared/internals-check.ts";
import { handleOf } from "../shared/node-internals.ts";
import type { PassedSocket } from "../activation/passed-socket.ts";
import { isWatched } from "../activation/proc/descriptors.ts";

interface Handle {
  close(): void;
}

/**
 * Node's function that creates a handle which the primary shares with its workers (SCHED_NONE). It is the
 * same from Node 20 to 26.
 */
type Create = (
  address: unknown,
  port: unknown,
  addressType: unknown,
  fd?: number,
  flags?: number,
) => Handle | number;

/**
 * Makes the primary keep the handles of these sockets. Node would close them with the last worker that
 * listens, and later workers could not listen (`bind EEXIST`). The primary does not listen on them, so it
 * accepts no connections. While no worker runs, clients wait in the kernel's queue.
 */
export function keepHandles(passed: readonly PassedSocket[]): void {
  const module = net as typeof net & { _createServerHandle: Create };
  const create = module._createServerHandle;
  if (typeof create !== "function") throw missingInternals(["_createServerHandle of node:net"]);
  const kept = new Map<number, Handle>();
  // Patches net._createServerHandle.
  module._createServerHandle = (address, port, addressType, fd, flags) => {
    const passedSocket = passed.find((each) => each.fd === fd);
    // If the primary itself serves the socket, this is an error, as in Node.
    if (fd === undefined || passedSocket === undefined || isWatched(fd))
      return create(address, port, addressType, fd, flags);
    const handle =
      kept.get(fd) ??
      (passedSocket.openedSocket
        ? handleOf(passedSocket.openedSocket)
        : create(address, port, addressType, fd, flags));
    // A number is a system error.
    if (handle === undefined || typeof handle === "number") return handle ?? -constants.errno.EBADF;
    // Patches close of this handle.
    handle.close = () => {};
    kept.set(fd, handle);
    return handle;
  };
}
