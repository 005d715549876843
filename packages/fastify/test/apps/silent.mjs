// An app without a logger, whose onStop fails.
import { systemdListen } from "@sockact/fastify";

const { default: Fastify } = await import(process.env.FRAMEWORK);

const app = Fastify();
app.register(systemdListen, {
  async onStop() {
    throw new Error("from onStop");
  },
});
app.get("/", async () => "hello");
await app.listen();
