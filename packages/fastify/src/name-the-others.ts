import type { FastifyInstance } from "fastify";
import type { AddressInfo } from "node:net";
import type { ActivatedSocket } from "@sockact/core";
import { serverAddress } from "@sockact/core/adapter";
import { rootOf } from "./root-of.ts";

/**
 * Makes `addresses()` and the log include every socket. Fastify only knows the one that `server.address()`
 * returns.
 */
export function nameTheOthers(
  fastify: FastifyInstance,
  sockets: readonly ActivatedSocket[],
  text: (address: string) => string = (address) => `Server listening at ${address}`,
): void {
  const others = sockets.map(serverAddress);
  const root = rootOf(fastify);
  const { addresses } = root;
  // Patches `addresses` of this app. The server's own address comes last, because Fastify uses the last one
  // as listeningOrigin.
  root.addresses = function (this: FastifyInstance) {
    return [...(root.server.listening ? (others as AddressInfo[]) : []), ...addresses.call(this)];
  };
  root.server.once("listening", () => {
    for (const other of others) root.log.info(text(urlOf(root, other)));
  });
}

function urlOf(fastify: FastifyInstance, address: AddressInfo | string): string {
  if (typeof address === "string") return address;
  const scheme = fastify.initialConfig.https ? "https" : "http";
  return `${scheme}://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`;
}
