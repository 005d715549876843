import type { ActivatedSocket } from "../activation/passed-socket.ts";
import { notActivated } from "../shared/errors.ts";
import { checkReadiness } from "../lifecycle/readiness.ts";
import { prepareToNotify } from "../lifecycle/service-manager.ts";
import { readActivation } from "../activation/read.ts";
import { claimByName } from "../binding/claim.ts";
import { refuseInWorker } from "./refuse-in-worker.ts";

/**
 * Claims a passed socket of any kind, for the app to use by its descriptor. It is the first socket with this
 * `FileDescriptorName=` that nothing in this process has claimed. You can also claim a file from `OpenFile=`,
 * and a descriptor from the file descriptor store.
 *
 * From then on, the socket belongs to the app: no server claims it, no warning names it, and READY=1 does not
 * wait for it.
 *
 * @throws ActivationError `SOCKACT_ERR_NOT_ACTIVATED` if nothing was passed, `SOCKACT_ERR_NAME_UNKNOWN`,
 * `SOCKACT_ERR_SOCKET_CLAIMED`, `SOCKACT_ERR_CLUSTER_WORKER` in a worker of node:cluster,
 * `SOCKACT_ERR_OPTION` if its connections begin with a PROXY header (SOCKACT_PROXY_PROTOCOL), or a code of
 * {@link activatedSockets}
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
