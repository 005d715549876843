import process from "node:process";
import { fileURLToPath } from "node:url";

/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-metrics",
  description: "Express, whose metrics outlive its sleep",
  exec: [process.execPath, fileURLToPath(new URL("server.js", import.meta.url))],
  sockets: [{ listen: 80 }],
  type: "notify",
  // This is short, so that you can watch the app sleep. For a real app, start with five minutes.
  idleTimeout: "5s",
  hardening: "inbound",
};
