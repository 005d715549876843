const http = require("http");

let waiting = [];
const server = http.createServer((req, res) => {
  if (req.method === "POST") {
    for (const other of waiting) other.end("somebody spoke\n");
    waiting = [];
  }
  if (req.url === "/wait") waiting.push(res);
  else res.end("chat\n");
});
server.listen(process.env.PORT || 3000);

// Proxies close a connection that says nothing for a minute.
setInterval(() => {
  for (const other of waiting) other.writeContinue();
}, 50_000);

process.on("SIGTERM", () => {
  console.log("SIGTERM: somebody may still be talking");
});
