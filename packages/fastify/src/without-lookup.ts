import type { FastifyListenOptions } from "fastify";
import type { AddressInfo } from "node:net";

/** Rather than net.isIP(), whose expression takes 3 ms to compile, and the first client waits for that. No host name has a colon. */
const IP_ADDRESS = /:|^(?:\d+\.){3}\d+$/;

/**
 * For the host `localhost`, its default, Fastify looks up which addresses that has, to make a further server for each other one. An app that is
 * stopped meanwhile no longer has an address to compare them with, and Fastify throws. Here there is nothing to look up: an address
 * is its own answer, and comes at once.
 *
 * @param listenOptions of Fastify's `listen()`, which writes to them itself
 */
export function withoutLookup(
  listenOptions: Pick<FastifyListenOptions, "host">,
  bound: AddressInfo | string,
): void {
  if (listenOptions.host === undefined || IP_ADDRESS.test(listenOptions.host)) return;
  listenOptions.host = typeof bound === "string" ? "127.0.0.1" : bound.address;
}
