// fastify-cli starts this app: `fastify start cli.mjs`.
import { systemdListen } from "@sockact/fastify";

// #region plugin
export default async function app(fastify, _options) {
  fastify.register(systemdListen);
  fastify.get("/", async () => "hello");
  fastify.addHook("onClose", async () => console.log("onClose is done"));
}
// #endregion plugin
