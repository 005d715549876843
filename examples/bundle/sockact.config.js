import process from "node:process";
import { fileURLToPath } from "node:url";

/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-bundle",
  description: "Express in one file, asleep until somebody connects",
  exec: [process.execPath, fileURLToPath(new URL("dist/server.cjs", import.meta.url))],
  sockets: [{ listen: 80 }],
  // The app sleeps after five minutes without a connection, so it matters how fast it starts.
  type: "notify",
  idleTimeout: "5min",
  // Node 22.1 and later keep compiled code for the next start.
  compileCache: true,
  hardening: "inbound",
};
