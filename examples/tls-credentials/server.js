import { cpSync } from "node:fs";
import process from "node:process";
import { systemdListen } from "@sockact/express";
import express from "express";

const { CREDENTIALS_DIRECTORY: credentials, RUNTIME_DIRECTORY: folder = "." } = process.env;
// A credential stays the same until the next start. For this reason, the app copies the files to a folder that a reload can update.
if (credentials) cpSync(credentials, folder, { recursive: true });

const app = express();
const tls = { key: `${folder}/key.pem`, cert: `${folder}/cert.pem` };
app.use(systemdListen({ sockets: { https: { tls } } }));

app.get("/", (request, response) => {
  response.type("text").send(`hello over ${request.protocol} from process ${process.pid}\n`);
});

app.listen(3000, () => console.log(`Process ${process.pid} is listening`));
