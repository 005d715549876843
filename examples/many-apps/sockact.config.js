// The names below localhost lead to this machine, so they need no DNS. Write your domain instead.
const domain = "localhost";

/** @type {(name: string) => import("@sockact/units").AppDescription} */
const app = (name) => ({
  name: `example-many-${name}`,
  exec: ["node", `./${name}.js`],
  hosts: [`${name}.${domain}`],
  sockets: [{ listen: `/run/example-many-${name}.sock` }],
  type: "notify-reload",
  // This is short, so that you can watch the apps sleep. For real apps, start with five minutes.
  idleTimeout: "5s",
  hardening: "inbound",
});

export default [app("shop"), app("blog"), app("wiki"), { ...app("notes"), preload: true }, app("clock")];
