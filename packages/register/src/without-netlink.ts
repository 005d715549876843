import { syncBuiltinESMExports } from "node:module";
import os, { type NetworkInterfaceInfo } from "node:os";

/** What every machine has, so that what takes the first address of the list finds one. */
const LOOPBACK: NetworkInterfaceInfo = {
  address: "127.0.0.1",
  netmask: "255.0.0.0",
  family: "IPv4",
  mac: "00:00:00:00:00:00",
  internal: true,
  cidr: "127.0.0.1/8",
};

/**
 * Makes os.networkInterfaces() list the loopback device alone where the system refuses to tell: without AF_NETLINK in `RestrictAddressFamilies=` of
 * systemd.exec(5) it throws. Fastify, Vite and Next.js call it to print addresses once they listen, and end with the error.
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
