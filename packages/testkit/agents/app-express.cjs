const { systemdListen } = require("@sockact/express");
const { hello, options, start } = require("./shared.cjs");
const express = require("express");

const app = express();
app.use(systemdListen(options));
app.get("/hello", (_req, res) => res.json(hello()));
start(app, () => (app._router ?? app.router).stack.length);
