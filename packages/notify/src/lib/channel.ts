import type { SdNotify } from "./ffi.ts";
import { processState } from "./process-state.ts";

/** The ways from this process to the service manager. */
export interface Channel {
  readonly socket: string;
  readonly descriptor: number | undefined;
  readonly sdNotify: SdNotify | undefined;
  /**
   * The path of systemd-notify(1). The first read searches for it, because the other ways need it only to
   * store a descriptor.
   */
  readonly program: string | undefined;
  /** Where the descriptor named `notify` leads, if it does not lead to the socket. */
  readonly elsewhere: string | undefined;
}

/** The channel, after the first search for it. */
export const channelState: { channel: Channel | undefined } = processState("channel", { channel: undefined });
