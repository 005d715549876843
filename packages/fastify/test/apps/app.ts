import { createServer } from "node:http";
import process from "node:process";
import type Framework from "fastify";
import { systemdListen } from "@sockact/fastify";
import { echoWebSockets, options, ownServer, port, report, say, whoAmI } from "@sockact/testing/contract-app";

const { default: fastify } = (await import(process.env["FRAMEWORK"] as string)) as {
  default: typeof Framework;
};

const app = fastify(ownServer ? { serverFactory: (handler) => createServer(handler) } : {});
if (ownServer) echoWebSockets(app.server);
if (options) systemdListen({ app, ...options });
app.get("/", async (request) => whoAmI(request.raw));
report(app.server, () => []);
await app.listen({ port, host: "::" });
say("callback");
