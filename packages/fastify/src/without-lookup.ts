import type { FastifyListenOptions } from "fastify";
import type { AddressInfo } from "node:net";

/**
 * Used instead of net.isIP(), whose regular expression takes 3 ms to compile while the first client waits. No
 * host name has a colon.
 */
const IP_ADDRESS = /:|^(?:\d+\.){3}\d+$/;

/**
 * Keeps Fastify from looking up the host. For its default host `localhost`, Fastify looks up all addresses,
 * and makes a further server for each. If the app is stopped meanwhile, its server has no address to compare
 * them with, and Fastify throws. This replaces the host with the address that the server is bound to, which
 * needs no lookup.
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
