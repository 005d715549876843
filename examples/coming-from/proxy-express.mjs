import { systemdListen } from "@sockact/express";
import express from "express";

const app = express();
app.set("trust proxy", 1);
app.use(systemdListen());
app.get("/", (req, res) => res.json([req.ip, req.protocol]));
app.listen(3000);
