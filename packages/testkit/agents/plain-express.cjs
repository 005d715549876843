const { hello, start } = require("./shared.cjs");
const express = require("express");

const app = express();
app.get("/hello", (_req, res) => res.json(hello()));
start(app, () => (app._router ?? app.router).stack.length);
