import type { ActivatedSocket } from "../activation/passed-socket.ts";
import { notActivated } from "../shared/errors.ts";
import { checkReadiness } from "../lifecycle/readiness.ts";
import { readActivation } from "../activation/read.ts";
import { claimByName } from "../binding/claim.ts";
import { refuseInWorker } from "./refuse-in-worker.ts";

/**
 * Takes a passed socket of any kind, for the app to use by its descriptor. It is the first socket with this `FileDescriptorName=` that nothing in this
 * process has taken. You can also take a file from `OpenFile=`, and a descriptor from the file descriptor store.
 *
 * From then on, the socket belongs to the app: no server takes it, no warning names it, and READY=1 does not wait for it.
 *
 * @throws ActivationError `ERR_NOT_ACTIVATED` if nothing was passed, `ERR_NAME_UNKNOWN`, `ERR_SOCKET_TAKEN`, `ERR_CLUSTER_WORKER` in a worker of node:cluster,
 * `ERR_OPTION` if its connections begin with a PROXY header (SOCKACT_PROXY_PROTOCOL), or a code of {@link activatedSockets}
 */
export function takeSocket(name: string): ActivatedSocket {
  const { sockets, ...activation } = readActivation();
  if (sockets.length === 0 && !activation.activated) throw notActivated(activation.reason);
  refuseInWorker(sockets, `takeSocket("${name}")`);
  const { socket } = claimByName(sockets, name);
  checkReadiness();
  return socket;
}
