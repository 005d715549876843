import type { AddressInfo, Server } from "node:net";
import os, { type NetworkInterfaceInfo } from "node:os";

/**
 * Keeps Fastify 5 from crashing in a sandbox. When Fastify listens on 0.0.0.0, it logs the address of each
 * network interface. Without AF_NETLINK in `RestrictAddressFamilies=` of systemd.exec(5),
 * os.networkInterfaces() throws, and the process ends. This makes it return the address 0.0.0.0 instead.
 *
 * @param bound where the server listens; in a worker of node:cluster, the server may not know this yet
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
  // Patches os.networkInterfaces while Fastify's own listeners of `listening` run.
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
