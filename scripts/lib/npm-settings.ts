import { execFileSync } from "node:child_process";
import process from "node:process";

/** The settings with which npm on this computer reaches its registry, but no passwords. */
const settings = ["registry", "proxy", "https-proxy", "noproxy", "strict-ssl"];

/**
 * A file `npmrc` for another machine with the same network, and the certificates that it needs in
 * `/usr/local/etc/npm-certificates.pem`.
 */
export function npmSettings(): { rc: string; certificates: string } {
  const get = (name: string): string => {
    const value = execFileSync("npm", ["config", "get", name], { encoding: "utf8" }).trim();
    return ["null", "undefined"].includes(value) ? "" : value;
  };
  const certificates = get("cafile") || process.env["NODE_EXTRA_CA_CERTS"] || "";
  const lines = settings.map((name) => [name, get(name)]).filter(([, value]) => value !== "");
  if (certificates !== "") lines.push(["cafile", "/usr/local/etc/npm-certificates.pem"]);
  return { rc: lines.map((line) => line.join("=")).join("\n"), certificates };
}
