// Shows where Fastify listens and when it closes, by its log, its hooks and its addresses. One route waits before it answers.
import { createInterface } from "node:readline";
import { systemdListen } from "@sockact/fastify";
import { say } from "@sockact/testing/contract-app";

const { default: Fastify } = await import(process.env.FRAMEWORK);

const app = Fastify({
  logger: { stream: { write: (line) => say("log", { message: JSON.parse(line).msg }) } },
});
if (process.env.NESTED) {
  app.register(async (child) => child.register(systemdListen), { prefix: "/nested" });
} else {
  app.register(systemdListen);
}
const held = [];
app.get("/", async () => "hello");
app.get("/held", (_request, reply) => {
  held.push(reply);
  say("held");
});
app.addHook("onListen", async () => say("onListen"));
app.addHook("onClose", async () => say("onClose"));

const listenOptions = { port: 3000, ...JSON.parse(process.env.LISTEN ?? "{}") };
if (process.env.RESOLVER) listenOptions.listenTextResolver = (address) => `is at ${address}`;
// Comes before the answers to anything that the app has asked of the system meanwhile.
if (process.env.STOP_AT_ONCE)
  app.server.once("listening", () => setImmediate(() => process.emit("SIGTERM", "SIGTERM")));
const returned = await app.listen(listenOptions);
const { addresses, listeningOrigin } = { addresses: app.addresses(), listeningOrigin: app.listeningOrigin };
say("up", { returned: returned ?? null, addresses, listeningOrigin });
// Under a service manager, standard input is /dev/null, which has no unref().
process.stdin.unref?.();
createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "answer") held.shift().send("done");
  else app.close().then(() => say("closed", { addresses: app.addresses() }));
});
