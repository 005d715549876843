// An app without sockact, which listens on its first descriptor, and ends at SIGTERM in the way of Node.
import { createServer } from "node:http";
import process from "node:process";

if (process.argv[2] === "deaf") for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => {});
createServer((_, response) => response.end(JSON.stringify({ pid: process.pid }))).listen({ fd: 3 });
