import express from "express";
import { greet } from "greeting";
import version from "./version.cjs";

const app = express();
app.get("/", (request, response) => response.json({ version, greeting: greet("world") }));
app.listen(3000);
