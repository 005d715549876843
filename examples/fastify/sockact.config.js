import process from "node:process";
import { fileURLToPath } from "node:url";

/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-fastify",
  description: "Fastify on ports 80 and 443",
  exec: [process.execPath, fileURLToPath(new URL("server.js", import.meta.url))],
  sockets: [
    { name: "http", listen: 80 },
    // This port serves plain HTTP too. For TLS, see docs/tls.md.
    { name: "http-443", listen: 443 },
  ],
  // systemd waits until the app is ready, reloads it with a signal, and restarts it if it hangs.
  type: "notify-reload",
  watchdogSec: "30s",
  environment: { NODE_ENV: "production" },
  // The app opens no connection, so it needs no network except its sockets. Its user exists only while it runs.
  hardening: "inbound",
};
