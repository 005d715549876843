import type { SdNotify } from "./ffi.ts";
import { processState } from "./process-state.ts";

/** The ways to the service manager that this process has. */
export interface Channel {
  readonly socket: string;
  readonly descriptor: number | undefined;
  readonly sdNotify: SdNotify | undefined;
  /** Where systemd-notify(1) is. It is looked for when this is first read: another way needs it only to store a descriptor. */
  readonly program: string | undefined;
  /** Where the descriptor named `notify` leads instead of to the socket. */
  readonly elsewhere: string | undefined;
}

/** The channel, once it was looked for. */
export const channelState: { channel: Channel | undefined } = processState("channel", { channel: undefined });
