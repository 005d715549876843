// An app without a logger, whose onStop fails.
import { systemdListen } from "@sockact/fastify";

const { default: Fastify } = await import(process.env.FRAMEWORK);

const app = Fastify();
app.register(systemdListen, {
  // An app without a setting for it passes undefined, which is the same as no option.
  onEvent: undefined,
  async onStop() {
    throw new Error("from onStop");
  },
});
app.get("/", async () => "hello");
await app.listen();
