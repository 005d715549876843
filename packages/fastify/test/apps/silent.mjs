// An app without a logger, whose onStop fails.
import { systemdListen } from "@sockact/fastify";

const { default: Fastify } = await import(process.env.FRAMEWORK);

const app = Fastify();
app.register(systemdListen, {
  // As in an app that has no setting for it: that is the same as no option.
  onEvent: undefined,
  async onStop() {
    throw new Error("from onStop");
  },
});
app.get("/", async () => "hello");
await app.listen();
