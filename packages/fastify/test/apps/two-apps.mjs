// Two apps in one process. Each takes the sockets of its name.
import process from "node:process";
import { systemdListen } from "@sockact/fastify";

const { default: Fastify } = await import(process.env.FRAMEWORK);

for (const name of ["public", "admin"]) {
  const app = Fastify();
  systemdListen({ app, name });
  app.get("/", async () => ({ app: name }));
  await app.listen({ port: 3000 });
}
