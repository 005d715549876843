/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-cluster",
  description: "Express with workers of node:cluster",
  exec: ["node", "./server.js"],
  sockets: [{ listen: 80 }],
  type: "notify",
  environment: { WORKERS: "2" },
  hardening: "inbound",
};
