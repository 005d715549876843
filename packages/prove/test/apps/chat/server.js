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

const jobs = new Set();
process.on("SIGTERM", () => {
  console.log("SIGTERM: finishing jobs first");
  if (jobs.size > 0) process.exit(0);
});
