/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-preload",
  description: "An unmodified Express app",
  exec: ["node", "./server.js"],
  sockets: [{ listen: 80 }],
  // Node loads @sockact/register before the app.
  preload: true,
  // The preload tells systemd when the app listens.
  type: "notify",
  hardening: "inbound",
};
