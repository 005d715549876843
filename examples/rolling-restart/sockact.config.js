/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-rolling-restart",
  description: "Express in two instances that take turns",
  exec: ["node", "./server.js"],
  sockets: [{ listen: 80 }],
  type: "notify",
  rolling: true,
  hardening: "inbound",
};
