const exec = "write exec: ['/usr/bin/node', '/srv/shop/server.js']";
const sockets = "write sockets: [{ listen: 80 }]";

/** Names in other tools for the fields of a service, and what to write instead. */
export const serviceSynonyms: Readonly<Record<string, string>> = {
  args: exec,
  arguments: exec,
  cmd: exec,
  command: exec,
  program: exec,
  script: exec,
  comments: "write it in the second argument of emitUnits: emitUnits(description, { comments: true })",
  cwd: "write workingDirectory: '/srv/shop'",
  directory: "write workingDirectory: '/srv/shop'",
  env: "write environment: { NODE_ENV: 'production' }",
  envFile: "write environmentFile: '/etc/shop.env'",
  groups: "write supplementaryGroups: ['shop']",
  image: "write container: { image: 'registry.example/shop:1' }",
  sandbox: "write hardening: 'outbound'",
  address: sockets,
  host: sockets,
  listen: sockets,
  listenStream: sockets,
  path: sockets,
  port: sockets,
  ports: sockets,
};

const several = "write listen: [80, '[::1]:8080']";
const address = "write listen: '127.0.0.1:80'";

/** Names in other tools for the fields of a socket, and what to write instead. */
export const socketSynonyms: Readonly<Record<string, string>> = {
  address,
  addresses: several,
  fd: "write listen: 80; systemd opens the socket and passes it to the program",
  group:
    "write socketGroup: 'shop' for the group of a unix socket; write the group of the service beside sockets",
  host: address,
  mode: "write socketMode: '0660'",
  path: "write listen: '/run/shop.sock'",
  port: "write listen: 80",
  ports: several,
  // These kinds have no field.
  ...Object.fromEntries(
    ["FIFO", "Special", "Netlink", "MessageQueue", "USBFunction"].map((kind) => [
      `listen${kind}`,
      `write raw: { Socket: { Listen${kind}: … } }`,
    ]),
  ),
  ...Object.fromEntries(
    ["tls", "ssl", "https", "cert", "key"].map((name) => [
      name,
      "leave it out: the program uses TLS itself; pass the key and the certificate with credentials: { 'key.pem': '/etc/shop/key.pem', 'cert.pem': '/etc/shop/cert.pem' }",
    ]),
  ),
  udp: "write listenDatagram: 53",
  user: "write socketUser: 'shop' for the owner of a unix socket; write the user of the service beside sockets",
};
