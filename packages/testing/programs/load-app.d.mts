import type { Readable } from "node:stream";

export { echoWebSockets } from "./contract-app.mjs";

export const options: {
  readonly sockets?: {
    readonly http: object;
    readonly https: { readonly tls: { readonly key: Buffer; readonly cert: Buffer } };
  };
};
export const whoAmI: { readonly pid: number };
export function work(): Promise<void>;
export function download(query: { bytes: number | string; seed: number | string }): Readable;
export function digest(body: AsyncIterable<Buffer>): Promise<{ bytes: number; sha256: string }>;
