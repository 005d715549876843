/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-postgresql",
  description: "Express with PostgreSQL on port 80",
  exec: ["node", "./server.js"],
  sockets: [{ listen: 80 }],
  type: "notify-reload",
  // PostgreSQL lets this user in without a password: it asks the kernel who connects.
  user: "example-postgresql",
  after: ["postgresql.service"],
  // The app opens connections to the database, over its unix socket. It opens no other kind of connection.
  hardening: { profile: "outbound", restrictAddressFamilies: ["AF_UNIX"] },
};
