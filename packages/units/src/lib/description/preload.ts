import type { Text } from "../systemd/specifiers.ts";

/** A preload, and which of the app's own `listen()` calls gets which socket. */
export interface PreloadDescription {
  /** The absolute path of the preload. Left out, it is `<workingDirectory>/node_modules/@sockact/register/dist/index.cjs`. */
  path?: Text | undefined;
  /**
   * SOCKACT_MAP: the `name` of a socket, or several names, by the port or path on which the app listens: `{ 3000: 'http', '/run/x.sock': 'admin' }`.
   * A key may be `@abstract` or `host:port` too; `0` is a `listen()` that names no port. Left out, a `listen()` gets the socket of the same port or path, or the only one.
   */
  map?: Readonly<Record<string, string | readonly string[]>> | undefined;
}
