import { systemdListen } from "@sockact/fastify";
import {
  askSockact,
  createOwnServer,
  echoWebSockets,
  options,
  ownServer,
  port,
  report,
  say,
  whoAmI,
} from "@sockact/testing/contract-app";

const { default: Fastify } = await import(process.env.FRAMEWORK);

const app = Fastify(ownServer ? { serverFactory: createOwnServer } : {});
if (ownServer) echoWebSockets(app.server);
// Each way to write the one line is in half of the contract.
if (options && ownServer) systemdListen({ app, ...options });
else if (options) app.register(systemdListen, options);
app.get("/", async (request) => whoAmI(request.raw));
app.get("/sockact", async () => askSockact(app.sockact));
app.get("/protocol", async ({ protocol, raw: { httpVersion } }) => ({
  protocol,
  secure: protocol === "https",
  httpVersion,
}));
report(app.server, () => []);
await app.listen({ port });
say("callback");
