// The common parts of the apps under load. Plain JavaScript, because Node runs them inside the private
// systemd.
import { readFileSync } from "node:fs";
import process from "node:process";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { bytesFrom } from "./load/bytes.mjs";

export { digest } from "./load/bytes.mjs";
export { echoWebSockets } from "./contract-app.mjs";

// Simulates a new version that can't start.
if (process.env.CRASH) throw new Error("CRASH is set");

const pem = (kind) => readFileSync(new URL(`../fixtures/localhost.${kind}.pem`, import.meta.url));

/**
 * Options for systemdListen(): with `TLS=yes`, the app has two sockets, and the one named `https` uses TLS.
 */
export const options = process.env.TLS
  ? { sockets: { http: {}, https: { tls: { key: pem("key"), cert: pem("cert") } } } }
  : {};

/** The process that answers. */
export const whoAmI = { pid: process.pid };

/** Each handler waits 5 ms before it answers. */
export const work = () => delay(5);

/** The body of `/download?bytes=…&seed=…`. */
export function download({ bytes, seed }) {
  return Readable.from(bytesFrom(seed, Number(bytes)));
}
