// Serves the passed sockets.
const { createServer } = require("node:http");
const { listen } = require("@sockact/core");

void listen(createServer((_, response) => response.end()));
