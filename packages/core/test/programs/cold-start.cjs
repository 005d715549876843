const { createServer } = require("node:http");

const server = createServer((request, response) => response.end("answer"));
if (process.argv[2] === "bare") server.listen({ fd: 3 });
else void require("@sockact/core").listen(server);
