// Only HAProxy may say who the client is, with the PROXY protocol.
const proxyProtocol = { from: ["10.77.0.10"] };

/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "fleet",
  description: "The app of the fleet",
  exec: ["node", "./server.js"],
  sockets: [
    { name: "web", listen: 8080, proxyProtocol },
    { name: "web-tls", listen: 8443, proxyProtocol },
    // For requests on the host itself, without HAProxy.
    { name: "local", listen: "127.0.0.1:8081" },
    { name: "local-tls", listen: "127.0.0.1:8444" },
  ],
  // HAProxy asks there whether it may send clients.
  health: "/healthz",
  // A deploy starts the new version beside the old one, and moves the connections to it.
  handover: true,
  credentials: {
    "key.pem": "/etc/fleet/key.pem",
    "cert.pem": "/etc/fleet/cert.pem",
  },
  // The app opens no connections. Leave this line out if yours does, such as to a database.
  hardening: "inbound",
  // At a reboot, the app stops before the network does.
  after: ["network.target"],
};
