import { type Channel, found } from "./channel.ts";
import { findDescriptor } from "./descriptor.ts";
import { environment, isWorkerOfService } from "./environment.ts";
import { NotifyError } from "./errors.ts";
import { loadSdNotify } from "./ffi.ts";
import { findProgram } from "./program.ts";

/**
 * How messages travel, best first.
 *
 * - `descriptor`: written to the file descriptor that `OpenFile=/run/systemd/notify:notify` of systemd.service(5) passes.
 * - `ffi`: libsystemd called by node:ffi, where Node has that without a flag or a warning.
 * - `systemd-notify`: the program of that name, which needs `NotifyAccess=all`, or root.
 */
export type NotifyBackend = "descriptor" | "ffi" | "systemd-notify";

/**
 * The way that messages take in this process. Undefined: there is no service manager that asks to be told, or no way to tell it,
 * in which case {@link notify} rejects. It only looks: no variable is removed.
 */
export function notifyBackend(): NotifyBackend | undefined {
  try {
    const channel = openChannel();
    return channel && backendOf(channel);
  } catch (error) {
    if (error instanceof NotifyError) return undefined;
    throw error;
  }
}

/** Whether a service manager asks this process to be told, whatever the way. It only looks: no variable is removed. */
export function isSupervised(): boolean {
  return !isWorkerOfService() && environment().socket !== undefined;
}

export function backendOf({ descriptor, sdNotify, program }: Channel): NotifyBackend | undefined {
  if (descriptor !== undefined) return "descriptor";
  if (sdNotify !== undefined) return "ffi";
  return program === undefined ? undefined : "systemd-notify";
}

/** What there is to send with; undefined when nobody asks to be told. */
export function openChannel(): Channel | undefined {
  if (isWorkerOfService()) {
    throw new NotifyError(
      "ERR_NOTIFY_WORKER_THREAD",
      "The service manager can't be told anything from a worker thread",
      "Send a message to the main thread (parentPort.postMessage()), and call this package there.",
    );
  }
  const { socket } = environment();
  if (socket === undefined) return undefined;
  if (found.channel?.socket !== socket) found.channel = findChannel(socket);
  return found.channel;
}

function findChannel(socket: string): Channel {
  const { descriptor, elsewhere } = findDescriptor(socket);
  const sdNotify = descriptor === undefined ? loadSdNotify() : undefined;
  if (descriptor === undefined && sdNotify === undefined) checkForm(socket);
  return { socket, descriptor, sdNotify, program: findProgram(), elsewhere };
}

function checkForm(socket: string): void {
  if (/^[/@]./.test(socket)) return;
  throw socket.startsWith("vsock")
    ? new NotifyError(
        "ERR_NOTIFY_UNSUPPORTED",
        `NOTIFY_SOCKET is ${socket}, and Node can't send to a vsock`,
        "Let a service manager in the virtual machine start this, and tell the host itself.",
      )
    : new NotifyError(
        "ERR_NOTIFY_SOCKET",
        `NOTIFY_SOCKET is neither a path, nor @name, nor a vsock: ${JSON.stringify(socket)}`,
        "The service manager writes this variable itself: remove whatever else sets it.",
      );
}
