const { systemdListen } = require("@sockact/express");
const { framework, hello, options, start } = require("./shared.cjs");
const express = require(framework);

const app = express();
if (options) app.use(systemdListen(options));
app.get("/hello", (_req, res) => res.json(hello()));
start(app);
