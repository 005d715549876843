import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { systemdListen } from "@sockact/fastify";
import Fastify from "fastify";

const app = Fastify();
const tls = { key: "key.pem", cert: "cert.pem" };
app.register(systemdListen, { sockets: { http: {}, https: { tls } } });

// #region challenge
// certbot writes files here, and Let's Encrypt asks for them over port 80.
const challenges = "/.well-known/acme-challenge";
app.get(`${challenges}/:token`, (request, reply) => {
  const file = `/var/www/acme${challenges}/${basename(request.params.token)}`;
  return readFile(file, "utf8").catch(() => reply.callNotFound());
});
// #endregion challenge

// #region redirect
// When you start it yourself, it has no TLS, so it must not redirect.
const isProduction = process.env.NODE_ENV === "production";
app.addHook("onRequest", async (request, reply) => {
  const stays = request.protocol === "https" || request.url.startsWith(challenges);
  if (isProduction && !stays) return reply.redirect(`https://${request.hostname}${request.url}`, 308);
});
// #endregion redirect

app.get("/", async (request) => `hello ${request.ip}`);
await app.listen({ port: 3000 });
