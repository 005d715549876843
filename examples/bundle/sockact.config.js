import process from "node:process";
import { fileURLToPath } from "node:url";

/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-bundle",
  description: "Express in one file, asleep until somebody connects",
  exec: [process.execPath, fileURLToPath(new URL("dist/server.cjs", import.meta.url))],
  sockets: [{ listen: 80 }],
  // It sleeps when nobody has been connected for five minutes, so how fast it wakes matters.
  type: "notify",
  idleTimeout: "5min",
  // Node 22.1 and later find the compiled code of the last run.
  compileCache: true,
  hardening: "inbound",
};
