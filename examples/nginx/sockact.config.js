/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-nginx",
  description: "Fastify on a unix socket behind nginx",
  exec: ["node", "./server.js"],
  // Only root and the group of nginx can connect. On Debian, that group is www-data.
  sockets: [{ listen: "/run/example-nginx.sock", socketGroup: "www-data", socketMode: "0660" }],
  type: "notify",
  hardening: "inbound",
};
