import { syncBuiltinESMExports } from "node:module";
import os from "node:os";

/**
 * Makes os.networkInterfaces() list nothing where the system refuses to tell: without AF_NETLINK in `RestrictAddressFamilies=` of systemd.exec(5) it throws. Fastify,
 * Vite and Next.js call it to print addresses once they listen, and end with the error.
 */
export function withoutNetlink(): void {
  const { networkInterfaces } = os;
  // Patches os.networkInterfaces.
  os.networkInterfaces = () => {
    try {
      return networkInterfaces();
    } catch {
      return {};
    }
  };
  syncBuiltinESMExports();
}
