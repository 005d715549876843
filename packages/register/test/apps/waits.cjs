// Listens when it has read a byte, and answers.
const { readSync } = require("node:fs");
const kind = process.argv[2];
const answer = kind === "net" ? (socket) => socket.end("served") : (_, response) => response.end("served");

console.log(JSON.stringify({ event: "started" }));
readSync(0, Buffer.alloc(1));
require(`node:${kind}`).createServer(answer).listen(3000);
