import { setTimeout } from "node:timers/promises";
import Fastify from "fastify";
import { systemdListen } from "@sockact/fastify";

async function makeReport() {
  await setTimeout(500);
  console.log("the report is done");
}

// #region plugin
async function reports(fastify) {
  fastify.get("/report", async (request, reply) => {
    if (fastify.sockact.draining) return reply.code(503).send("Ask again.");
    const release = fastify.sockact.keepAwake();
    void makeReport().finally(release);
    return "The report will be ready soon.";
  });
}
// #endregion plugin

const app = Fastify();
app.register(systemdListen, { idleTimeout: "50ms" });
app.register(reports);
await app.listen({ port: 3000 });
