import type { AddressInfo, Server } from "node:net";
import os, { type NetworkInterfaceInfo } from "node:os";

/**
 * Keeps Fastify 5 alive in a sandbox. When it listens on 0.0.0.0 it logs the address of each interface; without AF_NETLINK in
 * `RestrictAddressFamilies=` of systemd.exec(5), asking for them throws, and the process ends. There, and for that moment alone,
 * the answer is the address itself.
 *
 * @param bound where the server listens, which it may not know yet: in a worker of node:cluster
 */
export function withoutNetlink(server: Server, bound: AddressInfo | string): void {
  if (typeof bound === "string" || bound.address !== "0.0.0.0" || canListInterfaces()) return;
  const { networkInterfaces } = os;
  const any: NetworkInterfaceInfo = {
    address: bound.address,
    family: "IPv4",
    internal: false,
    cidr: null,
    netmask: "0.0.0.0",
    mac: "",
  };
  // Patches os.networkInterfaces, while Fastify's own listeners of `listening` run.
  server.prependOnceListener("listening", () => {
    os.networkInterfaces = () => ({ any: [any] });
  });
  server.once("listening", () => {
    os.networkInterfaces = networkInterfaces;
  });
}

function canListInterfaces(): boolean {
  try {
    os.networkInterfaces();
    return true;
  } catch {
    return false;
  }
}
