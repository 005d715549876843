import type { ActivatedSocket } from "./passed-socket.ts";
import { notActivated } from "./errors.ts";
import { tellWhenReady } from "./lifecycle/ready.ts";
import { readActivation } from "./read.ts";
import { takeBare } from "./take.ts";

/**
 * Takes the first socket of this `FileDescriptorName=` that nothing in this process has taken, of whatever kind, for the app to use by its
 * descriptor. From then on it is the app's: no server takes it, no warning tells of it, and READY=1 does not wait for it. A file from
 * `OpenFile=` and a stored descriptor can be taken too.
 *
 * @throws ActivationError `ERR_NOT_ACTIVATED` when nothing was passed, `ERR_NAME_UNKNOWN`, `ERR_SOCKET_TAKEN`, or a code of activatedSockets()
 */
export function takeSocket(name: string): ActivatedSocket {
  const { passed, ...activation } = readActivation();
  if (passed.length === 0 && !activation.activated) throw notActivated(activation.reason);
  const { socket } = takeBare(passed, name);
  tellWhenReady();
  return socket;
}
