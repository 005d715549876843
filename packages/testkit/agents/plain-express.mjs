import express from "express";
import { hello, start } from "./shared.cjs";

const app = express();
app.get("/hello", (_req, res) => res.json(hello()));
start(app, () => (app._router ?? app.router).stack.length);
