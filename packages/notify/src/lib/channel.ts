import type { SdNotify } from "./ffi.ts";
import { processState } from "./process-state.ts";

/** What there is to send with. */
export interface Channel {
  readonly socket: string;
  readonly descriptor: number | undefined;
  readonly sdNotify: SdNotify | undefined;
  readonly program: string | undefined;
  /** Where the descriptor named `notify` leads instead of to the socket. */
  readonly elsewhere: string | undefined;
}

/** How messages travel, once that has been looked into. */
export const found: { channel: Channel | undefined } = processState("channel", { channel: undefined });
