import type { SdNotify } from "./ffi.ts";
import { processState } from "./process-state.ts";

/** The ways to send messages to the service manager. */
export interface Channel {
  readonly socket: string;
  readonly descriptor: number | undefined;
  readonly sdNotify: SdNotify | undefined;
  /**
   * The path of systemd-notify(1). Searched on first read, because the other backends need it only to store a
   * descriptor.
   */
  readonly program: string | undefined;
  /** Where the descriptor named `notify` leads, if not to NOTIFY_SOCKET. */
  readonly elsewhere: string | undefined;
}

/** The channel, once it has been searched for. */
export const channelState: { channel: Channel | undefined } = processState("channel", { channel: undefined });
