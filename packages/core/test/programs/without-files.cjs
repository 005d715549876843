// Listens with the options in its argument. When the files of the package are gone, it answers each request and each message with the address of the client.
const { createSocket } = require("node:dgram");
const { readSync } = require("node:fs");
const { createServer } = require("node:http");
const { bindDatagram, listen, proxyHeader } = require("@sockact/core");

const print = (event) => console.log(JSON.stringify({ event }));
/** No code of the package runs until the test has removed the files. */
const untilRemoved = () => {
  print("listening");
  readSync(0, Buffer.alloc(1));
};
const { datagram, ...options } = JSON.parse(process.argv[2]);
const hooks = {
  onReload: () => print("reload"),
  onStop: () => print("stop"),
  onEvent: ({ type }) => print(type),
};
if (datagram) {
  const socket = createSocket("udp4", (message, { port, address }) => socket.send(message, port, address));
  socket.once("listening", untilRemoved);
  void bindDatagram(socket, { ...options, ...hooks });
} else {
  const server = createServer(({ socket }, response) => {
    proxyHeader(socket);
    response.end(socket.remoteAddress);
  });
  server.once("listening", untilRemoved);
  void listen(server, { ...options, ...hooks });
}
