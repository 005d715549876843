import process from "node:process";
import { fileURLToPath } from "node:url";

/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-scale-to-zero",
  description: "Fastify, asleep until somebody connects",
  exec: [process.execPath, fileURLToPath(new URL("server.js", import.meta.url))],
  sockets: [{ listen: 80 }],
  type: "notify",
  // So short that you can watch it. For a real app, five minutes are a good start.
  idleTimeout: "5s",
  hardening: "inbound",
};
