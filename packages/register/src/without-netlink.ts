import { syncBuiltinESMExports } from "node:module";
import os, { type NetworkInterfaceInfo } from "node:os";

/** The loopback device, which every machine has. Some code uses the first address of the list. */
const LOOPBACK: NetworkInterfaceInfo = {
  address: "127.0.0.1",
  netmask: "255.0.0.0",
  family: "IPv4",
  mac: "00:00:00:00:00:00",
  internal: true,
  cidr: "127.0.0.1/8",
};

/**
 * Makes os.networkInterfaces() return only the loopback device instead of throwing. It throws in a sandbox
 * without AF_NETLINK in `RestrictAddressFamilies=` of systemd.exec(5). Fastify, Vite and Next.js call it to
 * print their addresses, and would end with the error.
 */
export function withoutNetlink(): void {
  const { networkInterfaces } = os;
  // Patches os.networkInterfaces.
  os.networkInterfaces = () => {
    try {
      return networkInterfaces();
    } catch {
      return { lo: [LOOPBACK] };
    }
  };
  syncBuiltinESMExports();
}
