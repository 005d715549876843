const { createServer } = require("node:http");
const { listen } = require("@sockact/core");

const print = (event) => console.log(JSON.stringify({ event }));

const server = createServer((request, response) => {
  print("request");
  process.once("SIGTERM", () => setImmediate(() => response.end("answer")));
});
server.once("listening", () => {
  print("listening");
  // The test removes the files in the meantime. No code of the package has run since.
  require("node:fs").readSync(0, Buffer.alloc(1));
});
void listen(server);
