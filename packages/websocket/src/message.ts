/** A WebSocket on its way to another process. */
export interface MovedWebSocket {
  /** The request that was upgraded. */
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly httpVersion: string;
    readonly rawHeaders: readonly string[];
  };
  readonly protocol: string;
  /** The parameters of permessage-deflate. Null without it. */
  readonly deflate: Readonly<Record<string, unknown>> | null;
  /** What the client's next compressed message may refer to, in Base64. */
  readonly window?: string | undefined;
  /** What the old process has read too much, in Base64. */
  readonly bytes: string;
  /** What the old process has not sent any more. */
  readonly held: readonly LateCall[];
  readonly binaryType: string;
  /** What `save` has returned. Left out if it has returned nothing. */
  readonly state?: unknown;
}

/** What the old process does with a WebSocket that has moved, or during its move. */
export type LateCall =
  /** `data` is text, or bytes in Base64. */
  | { readonly send: string; readonly isBinary: boolean; readonly compress: boolean }
  /** In Base64, as `pong`. */
  | { readonly ping: string }
  | { readonly pong: string }
  | { readonly close: number | null; readonly reason: string }
  | { readonly terminate: true };
