import { systemdListen } from "@sockact/express";
import express from "express";

const app = express();
const tls = { key: "key.pem", cert: "cert.pem" };
app.use(systemdListen({ sockets: { http: {}, https: { tls } } }));

// #region challenge
// certbot writes files here, and Let's Encrypt asks for them over port 80.
const challenges = "/.well-known/acme-challenge";
app.use(challenges, express.static(`/var/www/acme${challenges}`));
// #endregion challenge

// #region redirect
// When you start it yourself, it has no TLS, so it must not redirect.
const isProduction = process.env.NODE_ENV === "production";
app.use((req, res, next) => {
  if (req.secure || !isProduction) next();
  else res.redirect(308, `https://${req.hostname}${req.originalUrl}`);
});
// #endregion redirect

app.get("/", (req, res) => res.send(`hello ${req.ip}`));
app.listen(3000);
