/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-postgresql",
  description: "Express with PostgreSQL on port 80",
  exec: ["node", "./server.js"],
  sockets: [{ listen: 80 }],
  type: "notify-reload",
  // This user needs no password, because PostgreSQL asks the kernel which user connects.
  user: "example-postgresql",
  after: ["postgresql.service"],
  // The app connects to the database over a unix socket, and opens no other kind of connection.
  hardening: { profile: "outbound", restrictAddressFamilies: ["AF_UNIX"] },
};
