// Listens when a line comes on standard input, and prints which variables are still set.
import { once } from "node:events";
import { createServer } from "node:http";
import process from "node:process";
import { port, say, whoAmI } from "@sockact/testkit/contract-app";

const variables = () => Object.keys(process.env).filter((name) => name.startsWith("LISTEN_"));

say("up", { variables: variables() });
await once(process.stdin, "data");
process.stdin.destroy();
const server = createServer((request, response) => response.end(JSON.stringify(whoAmI(request))));
server.listen(port, () => say("listening", { variables: variables() }));
