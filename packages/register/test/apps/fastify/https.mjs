// Serves http and https, each on a port, with one instance for each and the same routes, as the guide of Fastify does.
import { echoWebSockets, tls } from "../https-app.mjs";

const { default: Fastify } = await import(process.env.FRAMEWORK);

for (const [port, options] of [
  [8080, {}],
  [8443, { http2: true, https: { ...tls, allowHTTP1: true } }],
]) {
  const app = Fastify(options);
  app.get("/protocol", async ({ protocol, raw: { httpVersion } }) => ({
    secure: protocol === "https",
    httpVersion,
  }));
  echoWebSockets(app.server);
  await app.listen({ port });
}
