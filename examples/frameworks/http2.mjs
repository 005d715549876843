import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { listen } from "@sockact/core";

const [key, cert] = ["key.pem", "cert.pem"].map((file) => readFileSync(file));
const server = createSecureServer({ key, cert, allowHTTP1: true }, (req, res) => res.end("hello"));
await listen(server, { port: 3000 });
