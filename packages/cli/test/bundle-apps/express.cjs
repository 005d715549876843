require("dotenv").config({ quiet: true });
const compression = require("compression");
const express = require("express");
const helmet = require("helmet");
const jwt = require("jsonwebtoken");
const morgan = require("morgan");
const { z } = require("zod");
const version = require("./version.cjs");

const app = express();
app.set("view engine", "ejs");
app.set("views", `${__dirname}/views`);
app.use(helmet(), compression(), morgan("tiny"), express.json());
const schema = z.object({ version: z.string() });
app.get("/", (request, response) => response.render("index", schema.parse({ version })));
app.get("/token", (request, response) => response.json(jwt.verify(jwt.sign({ version }, "key"), "key")));
if (require.main === module) app.listen(3000);
