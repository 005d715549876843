import process from "node:process";
import { fileURLToPath } from "node:url";

/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-https",
  description: "HTTP and HTTPS by one Express app",
  exec: [process.execPath, fileURLToPath(new URL("server.js", import.meta.url))],
  // The app distinguishes its sockets by these names.
  sockets: [
    { name: "http", listen: 80 },
    { name: "https", listen: 443 },
  ],
  type: "notify",
  // systemd reads the files as root, and gives the service copies. The user of the service can't read the original key.
  credentials: {
    "key.pem": "/etc/example-https/key.pem",
    "cert.pem": "/etc/example-https/cert.pem",
  },
  hardening: "inbound",
};
