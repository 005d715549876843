import type { ActivatedSocket } from "../activation/passed-socket.ts";
import { notActivated } from "../shared/errors.ts";
import { checkReadiness } from "../lifecycle/readiness.ts";
import { readActivation } from "../activation/read.ts";
import { claimByName } from "../binding/claim.ts";

/**
 * Takes the first socket of this `FileDescriptorName=` that nothing in this process has taken, of whatever kind, for the app to use by its
 * descriptor. From then on it is the app's: no server takes it, no warning tells of it, and READY=1 does not wait for it. A file from
 * `OpenFile=` and a stored descriptor can be taken too.
 *
 * @throws ActivationError `ERR_NOT_ACTIVATED` when nothing was passed, `ERR_NAME_UNKNOWN`, `ERR_SOCKET_TAKEN`, or a code of activatedSockets()
 */
export function takeSocket(name: string): ActivatedSocket {
  const { sockets, ...activation } = readActivation();
  if (sockets.length === 0 && !activation.activated) throw notActivated(activation.reason);
  const { socket } = claimByName(sockets, name);
  checkReadiness();
  return socket;
}
