import type { Text } from "../systemd/specifiers.ts";

/** The preload, and which `listen()` of the app gets which socket. */
export interface PreloadDescription {
  /**
   * The absolute path of the preload. The default is
   * `<workingDirectory>/node_modules/@sockact/register/dist/index.cjs`.
   */
  path?: Text | undefined;
  /**
   * SOCKACT_MAP: one or more socket `name`s for each port or path on which the app listens: `{ 3000: 'http',
   * '/run/x.sock': 'admin' }`. A key may also be `@abstract` or `host:port`. `0` is a `listen()` without a
   * port. By default, a `listen()` gets the socket of the same port or path, or the only one.
   */
  map?: Readonly<Record<string, string | readonly string[]>> | undefined;
}
