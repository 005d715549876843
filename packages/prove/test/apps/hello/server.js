const http = require("http");

const server = http.createServer((req, res) => {
  res.setHeader("content-type", "text/plain");
  res.end("hello\n");
});
server.listen(process.env.PORT || 3000, () => console.log("listening", server.address()));

process.on("SIGTERM", () => {
  console.log("closing");
  process.exit(0);
});
