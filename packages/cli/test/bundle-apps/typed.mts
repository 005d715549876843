import { serve } from "@hono/node-server";
import { Hono } from "hono";
// @ts-expect-error It has no types.
import version from "./version.cjs";

interface Answer {
  version: string;
}
const app = new Hono();
app.get("/", (context) => context.json({ version } satisfies Answer));
serve({ fetch: app.fetch, port: 3000 });
