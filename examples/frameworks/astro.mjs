import express from "express";
import { systemdListen } from "@sockact/express";
import { handler } from "./dist/server/entry.mjs";

const app = express();
app.use(systemdListen());
app.use(express.static("dist/client"));
app.use(handler);
app.listen(3000);
