import type { FastifyListenOptions } from "fastify";
import type { AddressInfo } from "node:net";

/**
 * Used instead of net.isIP(), whose regular expression takes 3 ms to compile while the first client waits.
 * Host names have no colon.
 */
const IP_ADDRESS = /:|^(?:\d+\.){3}\d+$/;

/**
 * Keeps Fastify from looking up the host. For its default host `localhost`, Fastify looks up all addresses
 * and creates a server for each. If the app is stopped meanwhile, Fastify throws, because the closed server
 * has no address to compare. This replaces the host by the server's bound address, which needs no lookup.
 *
 * @param listenOptions the options of Fastify's `listen()`, which Fastify changes too
 */
export function withoutLookup(
  listenOptions: Pick<FastifyListenOptions, "host">,
  bound: AddressInfo | string,
): void {
  if (listenOptions.host === undefined || IP_ADDRESS.test(listenOptions.host)) return;
  listenOptions.host = typeof bound === "string" ? "127.0.0.1" : bound.address;
}
