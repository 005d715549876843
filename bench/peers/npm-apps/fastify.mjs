import process from "node:process";
import cors from "@fastify/cors";
import helmet from "@fastify/helmet";
import jwt from "@fastify/jwt";
import sensible from "@fastify/sensible";
import files from "@fastify/static";
import swagger from "@fastify/swagger";
import fastify from "fastify";

const app = fastify({ logger: { level: "warn" } });
await app.register(cors);
await app.register(helmet);
await app.register(sensible);
await app.register(jwt, { secret: process.env.SECRET ?? "secret" });
await app.register(swagger);
await app.register(files, { root: import.meta.dirname, prefix: "/files/" });
const answer = { 200: { type: "object", properties: { framework: { type: "string" } } } };
app.get("/", { schema: { response: answer } }, async () => ({ framework: "Fastify" }));
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
