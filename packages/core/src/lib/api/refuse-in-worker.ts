import type { PassedSocket } from "../activation/passed-socket.ts";
import { ActivationError } from "../shared/errors.ts";

/**
 * Throws if a descriptor belongs to the primary of this worker of node:cluster. In the worker, the same
 * number is another file: descriptor 3 is usually its channel to the primary.
 *
 * @param call the function that the app called
 * @throws ActivationError `SOCKACT_ERR_CLUSTER_WORKER`
 */
export function refuseInWorker(sockets: readonly PassedSocket[], call: string): void {
  if (!sockets.some(({ fromPrimary }) => fromPrimary)) return;
  throw new ActivationError(
    "SOCKACT_ERR_CLUSTER_WORKER",
    `${call} was called in a worker of node:cluster. The passed descriptors are in the primary. A worker can only listen on stream sockets`,
    "Make this call in the primary, and send the workers what they need: worker.send(). Or use a service without a cluster for this socket.",
  );
}
