import express from "express";
import { systemdListen } from "@sockact/express";
import { buildIndex } from "./search-index.js";

const app = express();
app.use(systemdListen());

const index = buildIndex();
app.get("/", (req, res) => res.json([...(index.get(req.query.q ?? "a1") ?? [])].slice(0, 10)));

app.listen(3000, () => console.log(`Searching ${index.size} words`));
