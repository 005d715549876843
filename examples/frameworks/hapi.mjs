import { server as createServer } from "@hapi/hapi";
import { listen } from "@sockact/core";

const server = createServer({ autoListen: false });
server.route({ method: "GET", path: "/", handler: () => "hello" });
await server.start();
await listen(server.listener, { port: 3000, onStop: () => server.stop() });
