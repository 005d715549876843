const express = require("express");
const pino = require("pino");
const logger = require("pino-http");
const version = require("./version.cjs");

const log = pino({ transport: { target: "pino/file", options: { destination: 1 } } });
const app = express();
app.use(logger({ logger: log }));
app.get("/", (request, response) => response.json({ version }));
app.listen(3000);
