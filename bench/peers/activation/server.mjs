// A server that uses the socket activation of one package: node server.mjs PACKAGE
//
// It answers with the address of the client and the value of LISTEN_FDS. A request for `/slow` takes 300 ms.
import { createServer } from "node:http";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

const listening = {
  "@sockact/core": async () => {
    const { listen } = await import("@sockact/core");
    await listen(server);
  },
  systemd: async () => {
    await import("systemd");
    server.listen("systemd");
  },
  "systemd-socket": async () => {
    const { default: systemdSocket } = await import("systemd-socket");
    server.listen(systemdSocket());
  },
  "socket-activation": async () => {
    const { default: socketActivation } = await import("socket-activation");
    const [fd] = socketActivation.collect("http");
    server.listen({ fd });
  },
  "sd-daemon": async () => {
    const { listeners } = await import("sd-daemon");
    const { fd } = listeners().find(({ name }) => name === "http");
    server.listen({ fd });
  },
};

const server = createServer(async (request, response) => {
  if (request.url === "/slow") {
    process.stdout.write('{"event":"slow"}\n');
    await delay(300);
  }
  const { remoteAddress } = request.socket;
  response.end(JSON.stringify({ remoteAddress, LISTEN_FDS: process.env.LISTEN_FDS }));
});
await listening[process.argv[2]]();
