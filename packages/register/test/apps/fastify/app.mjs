import {
  createOwnServer,
  echoWebSockets,
  ownServer,
  port,
  report,
  say,
  whoAmI,
} from "@sockact/testing/contract-app";

const { default: Fastify } = await import(process.env.FRAMEWORK);

const app = Fastify(ownServer ? { serverFactory: createOwnServer } : {});
if (ownServer) echoWebSockets(app.server);
app.get("/", async (request) => whoAmI(request.raw));
report(app.server, () => []);
await app.listen({ port });
say("callback");
