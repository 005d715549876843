import type { FastifyInstance } from "fastify";
import { drainServer } from "@sockact/core/adapter";
import { rootOf } from "./root-of.ts";

/** Fastify's own `close()` of the root instance. */
export function closeOf(fastify: FastifyInstance): () => Promise<undefined> {
  const root = rootOf(fastify);
  return root.close.bind(root) as () => Promise<undefined>;
}

/** Makes `close()` wait for the connections to end. Fastify's `close()` answers new requests with 503. */
export function closeWhenDrained(fastify: FastifyInstance): void {
  const root = rootOf(fastify);
  const close = closeOf(fastify);
  // Patches `close` of this app.
  root.close = ((listener?: (error?: Error) => void) => {
    const closed = drainServer(root.server).then(close);
    if (listener === undefined) return closed;
    void closed.then(() => listener(), listener);
    return undefined;
  }) as typeof root.close;
}
