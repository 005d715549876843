import { createServer } from "node:http";
import { systemdListen } from "@sockact/fastify";
import { echoWebSockets, options, ownServer, port, report, say, whoAmI } from "@sockact/testkit/contract-app";

const { default: Fastify } = await import(process.env.FRAMEWORK);

const app = Fastify(ownServer ? { serverFactory: (handler) => createServer(handler) } : {});
if (ownServer) echoWebSockets(app.server);
if (options) app.register(systemdListen, options);
app.get("/", async (request) => whoAmI(request.raw));
report(app.server, () => []);
await app.listen({ port });
say("callback");
