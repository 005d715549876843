// Two servers on two ports: one for the app, and one for its operators.
import { createServer } from "node:http";
import { say } from "@sockact/testing/contract-app";

for (const [name, variable] of [
  ["app", "PORT"],
  ["admin", "ADMIN_PORT"],
]) {
  const server = createServer((_request, response) => response.end(name));
  server.listen(Number(process.env[variable]), () => say(name, { address: server.address() }));
}
