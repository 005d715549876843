import { channelState } from "./channel.ts";
import { processState } from "./process-state.ts";

/** The descriptors that were passed under the name `notify`. */
export const adopted: Set<number> = processState("adopted descriptors", new Set());

/**
 * Announces a file descriptor that was passed to this process under the name `notify`, as
 * `OpenFile=/run/systemd/notify:notify` does. It is examined when the next message is sent, and used only if
 * it leads to NOTIFY_SOCKET.
 *
 * @param fd the number of the descriptor, 3 or higher
 */
export function adoptDescriptor(fd: number): void {
  if (adopted.has(fd)) return;
  adopted.add(fd);
  channelState.channel = undefined;
}
