import process from "node:process";
import { systemdListen } from "@sockact/express";
import express from "express";

const app = express();
// In the service, sockact finds these files in the credentials folder. With `npm start`, it finds them in the current folder.
const tls = { key: "key.pem", cert: "cert.pem" };
app.use(systemdListen({ sockets: { http: {}, https: { tls } }, required: true }));

const port = process.env.HTTPS_PORT ?? "443";
app.use((request, response, next) => {
  if (request.secure) return next();
  const host = port === "443" ? request.hostname : `${request.hostname}:${port}`;
  response.redirect(308, `https://${host}${request.originalUrl}`);
});

app.get("/", (request, response) => {
  response.json({ hello: `over ${request.protocol}`, pid: process.pid });
});

app.listen(3000);
