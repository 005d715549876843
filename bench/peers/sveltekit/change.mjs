// SvelteKit's own server, with WebSockets. It knows nothing of them: without the second half, its stop would wait for them.
import process from "node:process";
import { echoWebSockets } from "../../../packages/testing/programs/load-app.mjs";
import { server } from "./dist/index.js";

const webSockets = echoWebSockets(server.server);
process.on("SIGTERM", () => {
  for (const socket of webSockets.clients) socket.close(1001);
});
