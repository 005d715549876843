import express from "express";
import { systemdListen } from "@sockact/express";
import { hello, options, start } from "./shared.cjs";

const app = express();
app.use(systemdListen(options));
app.get("/hello", (_req, res) => res.json(hello()));
start(app, () => (app._router ?? app.router).stack.length);
