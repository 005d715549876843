import type { ActivatedSocket } from "../activation/passed-socket.ts";
import { notActivated } from "../shared/errors.ts";
import { checkReadiness } from "../lifecycle/readiness.ts";
import { prepareToNotify } from "../lifecycle/service-manager.ts";
import { readActivation } from "../activation/read.ts";
import { claimByName } from "../binding/claim.ts";
import { refuseInWorker } from "./refuse-in-worker.ts";

/**
 * Claims a passed socket of any kind, and returns its descriptor for the app to use. The socket is the first
 * unclaimed one with this `FileDescriptorName=`. Files from `OpenFile=` and descriptors from the file
 * descriptor store can be claimed too.
 *
 * The socket then belongs to the app: no server claims it, no warning mentions it, and READY=1 does not wait
 * for it.
 *
 * @throws ActivationError `SOCKACT_ERR_NOT_ACTIVATED` if nothing was passed, `SOCKACT_ERR_NAME_UNKNOWN`,
 *   `SOCKACT_ERR_SOCKET_CLAIMED`, `SOCKACT_ERR_CLUSTER_WORKER` in a worker of node:cluster,
 *   `SOCKACT_ERR_OPTION` if SOCKACT_PROXY_PROTOCOL lists the socket, or a code of {@link activatedSockets}
 */
export function claimSocket(name: string): ActivatedSocket {
  const { sockets, ...activation } = readActivation();
  if (sockets.length === 0 && !activation.activated) throw notActivated(activation.reason);
  refuseInWorker(sockets, `claimSocket("${name}")`);
  const { socket } = claimByName(sockets, name);
  prepareToNotify();
  checkReadiness();
  return socket;
}
