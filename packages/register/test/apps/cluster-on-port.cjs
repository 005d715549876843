// A primary without sockact that passes SIGTERM on to its worker, which listens on PORT. The answer waits for a
// line on standard input.
const cluster = require("node:cluster");
const http = require("node:http");

if (cluster.isPrimary) {
  const worker = cluster.fork().on("exit", (code) => process.exit(code));
  worker.on("listening", () => console.log("app: listening"));
  process.on("SIGTERM", () => worker.process.kill("SIGTERM"));
  process.stdin.on("data", () => worker.send("answer"));
} else {
  const server = http.createServer((_request, response) => {
    console.log("app: slow");
    process.once("message", () => response.end("slow"));
  });
  server.listen(process.env.PORT, "127.0.0.1");
}
