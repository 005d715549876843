import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { listen } from "@sockact/core";

const app = new Hono();
app.get("/", (c) => c.text("hello"));
await listen(createAdaptorServer(app), { port: 3000 });
