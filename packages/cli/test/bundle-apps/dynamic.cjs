const { readdirSync } = require("node:fs");
const express = require("express");
const version = require("./version.cjs");

const app = express();
for (const file of readdirSync(`${__dirname}/routes`)) require("./routes/" + file)(app, version);
app.listen(3000);
