// Forks a child that listens. TAKEN: after it has read the variables itself.
import { fork } from "node:child_process";
import { createServer } from "node:http";
import process from "node:process";
import { activatedSockets, listen } from "@sockact/core";

if (process.send === undefined) {
  if (process.env.TAKEN) activatedSockets();
  fork(process.argv[1]);
} else {
  const { activated } = await listen(createServer(), { port: 0 });
  console.log(JSON.stringify({ event: "child", activated }));
  process.exit();
}
