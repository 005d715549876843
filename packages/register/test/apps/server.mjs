// A server of Node's own, as its documentation has it. It ends with its standard input, as what is started by a launcher has to.
import { createServer } from "node:http";
import process from "node:process";
import { port, say, whoAmI } from "@sockact/testkit/contract-app";

const server = createServer((request, response) => response.end(JSON.stringify(whoAmI(request))));
server.listen(port, () => say("listening", { pid: process.pid, address: server.address() }));
process.stdin.on("end", () => process.exit()).resume();
