import process from "node:process";
import { proxyHeader, systemdListen } from "@sockact/express";
import express from "express";

// A number of hops, or an address.
const trust = process.env.TRUST_PROXY;

const app = express();
app.set("trust proxy", Number(trust) || trust);
app.use(systemdListen());
app.get("/", ({ ip, protocol, secure, hostname }, response) =>
  response.json({ ip, protocol, secure, hostname }),
);
app.get("/header", ({ socket }, response) => {
  const tls = proxyHeader(socket).tlvs.find(({ type }) => type === 0x20);
  response.json((tls.value[0] & 1) === 1);
});
const server = app.listen(3000);
server.on("upgrade", ({ headers }, socket) =>
  socket.end(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${headers.upgrade}\r\n\r\n`,
  ),
);
