import { systemdListen } from "@sockact/express";
import express from "express";

const app = express();
const tls = { key: "key.pem", cert: "cert.pem" };
app.use(systemdListen({ sockets: { http: {}, https: { tls } } }));

// When you start it yourself, it has no TLS, so it must not redirect.
const isProduction = process.env.NODE_ENV === "production";
app.use((req, res, next) => {
  if (req.secure || !isProduction) next();
  else res.redirect(308, `https://${req.hostname}${req.originalUrl}`);
});

app.get("/", (req, res) => res.send(`hello ${req.ip}`));
app.listen(3000);
