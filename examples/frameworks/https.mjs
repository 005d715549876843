import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { listen } from "@sockact/core";

const [key, cert] = ["key.pem", "cert.pem"].map((file) => readFileSync(file));
const server = createServer({ key, cert }, (req, res) => res.end("hello"));
await listen(server, { port: 3000 });
