/** @type {(name: string, listen: number | string) => import("@sockact/units").AppDescription} */
const service = (name, listen) => ({
  name: `example-${name}`,
  description: `The ${name}, one of two apps`,
  exec: ["node", `./${name}.js`],
  sockets: [{ listen }],
  type: "notify-reload",
  hardening: "inbound",
});

export default [service("shop", 80), service("blog", "127.0.0.1:8080")];
