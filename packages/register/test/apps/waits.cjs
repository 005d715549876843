// Listens when it has read a byte, and answers.
const { readSync } = require("node:fs");
const kind = process.argv[2];
const answer = kind === "net" ? (socket) => socket.end("served") : (_, response) => response.end("served");

console.log(JSON.stringify({ event: "started" }));
readSync(0, Buffer.alloc(1));
const server = require(`node:${kind}`).createServer(answer);
server.listen(process.env.PORT || 3000, () => console.log(JSON.stringify({ event: "listening" })));
