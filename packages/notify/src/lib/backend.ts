import { type Channel, channelState } from "./channel.ts";
import { findDescriptor } from "./descriptor.ts";
import { environment, isWorkerOfService } from "./environment.ts";
import { NotifyError } from "./errors.ts";
import { loadSdNotify } from "./ffi.ts";
import { findProgram } from "./program.ts";

/**
 * The ways to send messages to the service manager, in order of preference.
 *
 * - `descriptor`: writes to the file descriptor of `OpenFile=/run/systemd/notify:notify`, see
 *   systemd.service(5).
 * - `ffi`: calls libsystemd with node:ffi, if Node has node:ffi without a flag or warning, or with the FFI of Deno
 *   or Bun.
 * - `systemd-notify`: runs systemd-notify(1). Needs `NotifyAccess=all`, or root.
 */
export type NotifyBackend = "descriptor" | "ffi" | "systemd-notify";

/**
 * Returns how this process sends messages to the service manager. Sends nothing and removes no variable.
 *
 * - Returns `undefined` if no service manager expects messages, or if there is no way to send them. In the
 *   second case, {@link notify} rejects.
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

export function backendOf({ descriptor, sdNotify, program }: Channel): NotifyBackend | undefined {
  if (descriptor !== undefined) return "descriptor";
  if (sdNotify !== undefined) return "ffi";
  return program === undefined ? undefined : "systemd-notify";
}

/** The ways to send messages, or undefined if no service manager expects them. */
export function openChannel(): Channel | undefined {
  if (isWorkerOfService()) {
    throw new NotifyError(
      "SOCKACT_ERR_NOTIFY_WORKER_THREAD",
      "A worker thread cannot send messages to the service manager",
      "Post a message to the main thread (parentPort.postMessage()), and call this package there.",
    );
  }
  const { socket } = environment();
  if (socket === undefined) return undefined;
  if (channelState.channel?.socket !== socket) channelState.channel = findChannel(socket);
  return channelState.channel;
}

function findChannel(socket: string): Channel {
  const { descriptor, elsewhere } = findDescriptor(socket);
  const sdNotify = descriptor === undefined ? loadSdNotify() : undefined;
  if (descriptor === undefined && sdNotify === undefined) checkSocketAddress(socket);
  let program: { path: string | undefined } | undefined;
  return {
    socket,
    descriptor,
    sdNotify,
    elsewhere,
    get program() {
      program ??= { path: findProgram() };
      return program.path;
    },
  };
}

function checkSocketAddress(socket: string): void {
  if (/^[/@]./.test(socket)) return;
  throw socket.startsWith("vsock")
    ? new NotifyError(
        "SOCKACT_ERR_NOTIFY_UNSUPPORTED",
        `NOTIFY_SOCKET is ${socket}, and Node cannot send to a vsock`,
        "Start this process from a service manager inside the virtual machine. That manager can notify the host.",
      )
    : new NotifyError(
        "SOCKACT_ERR_NOTIFY_SOCKET",
        `NOTIFY_SOCKET must be a path, @name or a vsock; got ${JSON.stringify(socket)}`,
        "The service manager sets this variable itself. Remove the line that sets it to something else.",
      );
}
