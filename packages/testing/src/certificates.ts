import { fileURLToPath } from "node:url";

/** The files of a self-signed certificate for this host name and of its key, valid until 2126. */
export function certificateOf(host: "localhost" | "example.org"): { key: string; cert: string } {
  const file = (kind: string): string =>
    fileURLToPath(new URL(`../fixtures/${host.split(".")[0]}.${kind}.pem`, import.meta.url));
  return { key: file("key"), cert: file("cert") };
}
