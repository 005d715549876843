/** @type {import("@sockact/units").AppDescription} */
export default {
  name: "example-nestjs",
  description: "NestJS on port 80",
  exec: ["node", "./dist/main.js"],
  sockets: [{ listen: 80 }],
  type: "notify-reload",
  hardening: "inbound",
};
