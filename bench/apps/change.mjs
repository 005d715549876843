// The app of the bench "change": one Express app with WebSockets, in the ways that APP names.
//
// plain     the app alone, on port 80
// fd        the app on the socket that systemd passes, with nothing but listen({ fd: 3 })
// sockact   the app with systemdListen()
// graceful  what pm2's docs show: it says when it is ready, and closes its server at SIGINT before it exits
// closing   as graceful, and from SIGINT on it ends its WebSockets, and each response says "Connection: close", so that no client keeps its connection
import process from "node:process";
import express from "express";
import { echoWebSockets, whoAmI, work } from "../../packages/testing/programs/load-app.mjs";

const { APP = "plain" } = process.env;
let isStopping = false;

const app = express();
if (APP === "sockact") app.use((await import("@sockact/express")).systemdListen());
if (APP === "closing") {
  app.use((_request, response, next) => {
    if (isStopping) response.set("Connection", "close");
    next();
  });
}
app.get("/", async (_request, response) => {
  await work();
  response.json(whoAmI);
});
app.post("/echo", express.json(), (request, response) => response.json(request.body));

const isOfPm2 = APP === "graceful" || APP === "closing";
const server = app.listen(APP === "fd" ? { fd: 3 } : 80, () => {
  if (isOfPm2) process.send("ready");
});
const webSockets = echoWebSockets(server);

if (isOfPm2) {
  process.on("SIGINT", () => {
    isStopping = true;
    if (APP === "closing") for (const socket of webSockets.clients) socket.close(1001);
    server.close((error) => process.exit(error ? 1 : 0));
  });
}
