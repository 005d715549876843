/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "fleet",
  description: "The app of the fleet",
  exec: ["node", "./server.js"],
  sockets: [
    { name: "web", listen: 8080 },
    { name: "web-tls", listen: 8443 },
    { name: "local", listen: "127.0.0.1:8081" },
  ],
  // A deploy starts the new version beside the old one, and moves the connections to it.
  handover: true,
  credentials: {
    "key.pem": "/etc/fleet/key.pem",
    "cert.pem": "/etc/fleet/cert.pem",
  },
  hardening: "inbound",
};
