import process from "node:process";
import { serve } from "@hono/node-server";
import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { jwt } from "hono/jwt";
import { secureHeaders } from "hono/secure-headers";
import { z } from "zod";

const app = new Hono();
app.use(cors(), secureHeaders());
app.use("/private/*", jwt({ secret: process.env.SECRET ?? "secret", alg: "HS256" }));
app.get("/", (context) => context.text("Hono"));
app.post("/names", zValidator("json", z.object({ name: z.string() })), (context) =>
  context.json(context.req.valid("json")),
);
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: "127.0.0.1" });
