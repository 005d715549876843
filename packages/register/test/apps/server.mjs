// The server of Node's documentation. It ends when its standard input ends, so that it does not outlive a launcher.
import { createServer } from "node:http";
import process from "node:process";
import { port, say, whoAmI } from "@sockact/testing/contract-app";

const server = createServer((request, response) => response.end(JSON.stringify(whoAmI(request))));
server.listen(port, () => say("listening", { pid: process.pid, address: server.address() }));
process.stdin.on("end", () => process.exit()).resume();
