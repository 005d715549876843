import express from "express";
import { systemdListen } from "@sockact/express";

const app = express();
app.use(systemdListen());
app.get("/", (_request, response) => response.send("hello"));
app.listen(3000);
