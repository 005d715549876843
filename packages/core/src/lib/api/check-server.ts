import type { Server } from "node:net";
import { optionError } from "../shared/environment-options.ts";
import { shown } from "../shared/shown.ts";

/**
 * @throws ActivationError `SOCKACT_ERR_OPTION` if the value is not a server, for example if it is an Express
 *   app
 */
export function checkServer(server: unknown): void {
  // Servers of Bun are not instances of net.Server.
  const methods = ["listen", "close", "address", "once"] as const;
  if (
    methods.every((method) => typeof (server as Partial<Server> | null | undefined)?.[method] === "function")
  )
    return;
  throw optionError(
    `listen() needs a server of node:http, https, http2, net or tls; got ${shown(server)}`,
    "Write listen(http.createServer(app), { port: 3000 }), for example. Express, Koa and Fastify have adapters: @sockact/express, @sockact/koa and @sockact/fastify.",
  );
}
