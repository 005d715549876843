import { channelState } from "./channel.ts";
import { processState } from "./process-state.ts";

/** Descriptors that were passed by the name of `notify`. */
export const adopted: Set<number> = processState("adopted descriptors", new Set());

/**
 * Announces a file descriptor that was passed to this process by the name of `notify`, which `OpenFile=/run/systemd/notify:notify`
 * gives it. It is examined when the next message is sent, and used only if it leads to NOTIFY_SOCKET.
 *
 * @param fd its number, 3 and up
 */
export function adoptDescriptor(fd: number): void {
  if (adopted.has(fd)) return;
  adopted.add(fd);
  channelState.channel = undefined;
}
