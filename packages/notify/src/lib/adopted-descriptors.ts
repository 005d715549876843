import { channelState } from "./channel.ts";
import { processState } from "./process-state.ts";

/** The descriptors that were passed under the name `notify`. */
export const adopted: Set<number> = processState("adopted descriptors", new Set());

/**
 * Registers a file descriptor that was passed under the name `notify`, as with
 * `OpenFile=/run/systemd/notify:notify`. The next message checks it, and uses it only if it leads to
 * NOTIFY_SOCKET.
 *
 * @param fd the number of the descriptor, 3 or higher
 */
export function adoptDescriptor(fd: number): void {
  if (adopted.has(fd)) return;
  adopted.add(fd);
  channelState.channel = undefined;
}
