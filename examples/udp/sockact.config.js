/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-udp",
  description: "DNS on port 53",
  exec: ["node", "./server.js"],
  sockets: [{ name: "dns", listenDatagram: "127.0.0.1:53" }],
  type: "notify-reload",
  // The app answers through the socket that systemd opened, so it needs no network of its own.
  hardening: "inbound",
  // After half a minute without a message, the app exits. The next message starts it again.
  idleTimeout: "30s",
};
