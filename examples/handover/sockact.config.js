/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-handover",
  description: "Express that hands over to its next version",
  exec: ["node", "./server.js"],
  sockets: [{ listen: 80 }],
  handover: true,
  hardening: "inbound",
};
