// Answers each request with its process ID.
import { createServer } from "node:http";
import process from "node:process";
import { listen } from "@sockact/core";

await listen(
  createServer((_, res) => res.end(String(process.pid))),
  { handover: true },
);
