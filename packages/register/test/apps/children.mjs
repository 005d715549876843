// Starts a child process that listens on its own port. WHEN says whether it starts before or after the app listens.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import process from "node:process";
import { port, say, whoAmI } from "@sockact/testing/contract-app";

const isChild = process.argv[2] === "child";
const where = isChild ? "child" : "parent";

async function startChild() {
  const child = fork(process.argv[1], ["child"], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  await once(child, "message");
}

if (process.env.WHEN === "before" && !isChild) await startChild();
const server = createServer((request, response) => response.end(JSON.stringify(whoAmI(request))));
server.listen(isChild ? Number(process.env.CHILD_PORT) : port);
await once(server, "listening");
say(where, { pid: process.pid, address: server.address() });
if (isChild) {
  process.on("disconnect", () => process.exit());
  process.send("listening");
} else if (process.env.WHEN === "after") await startChild();
