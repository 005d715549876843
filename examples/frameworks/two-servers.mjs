import { createServer } from "node:http";
import { listen } from "@sockact/core";

const shop = createServer((req, res) => res.end("shop"));
const admin = createServer((req, res) => res.end("admin"));
await listen(shop, { name: "http", port: 3000 });
await listen(admin, { name: "admin", port: 3001 });
