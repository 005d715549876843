import { fileURLToPath } from "node:url";
import cors from "@fastify/cors";
import files from "@fastify/static";
import swagger from "@fastify/swagger";
import Fastify from "fastify";
import version from "./version.cjs";

const app = Fastify({ logger: true });
await app.register(swagger);
await app.register(cors);
await app.register(files, { root: fileURLToPath(new URL("views", import.meta.url)), prefix: "/views/" });
const schema = { response: { 200: { type: "object", properties: { version: { type: "string" } } } } };
app.get("/", { schema }, async () => ({ version }));
await app.listen({ port: 3000 });
