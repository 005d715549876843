import express from "express";
import { systemdListen } from "@sockact/express";

const tls = { key: "key.pem", cert: "cert.pem" };
const app = express();
app.use(systemdListen({ sockets: { http: {}, https: { tls } } }));
app.get("/", (req, res) => res.send(`hello over ${req.protocol}`));
app.listen(3000);
