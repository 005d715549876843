// Does work without a connection. Without keepAwake(), it would sleep before the work is done.
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { keepAwake, listen } from "@sockact/core";

async function sendTheNewsletter() {
  await delay(1500);
  console.log("sent");
}

const server = createServer((_request, response) => response.end("hello"));
await listen(server, { port: 3000, idleTimeout: "300ms" });
// #region keep-awake
const release = keepAwake();
try {
  await sendTheNewsletter();
} finally {
  release();
}
// #endregion keep-awake
