/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-websockets",
  description: "Express with WebSockets",
  exec: ["node", "./server.js"],
  sockets: [{ listen: 80 }],
  type: "notify",
  hardening: "inbound",
};
