/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-chat",
  description: "A chat whose WebSockets stay open while it is deployed",
  exec: ["node", "./server.js"],
  sockets: [{ listen: 8080 }],
  handover: true,
  stateDirectory: "example-chat",
  hardening: "inbound",
};
