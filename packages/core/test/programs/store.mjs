// Opens a port of its own and leaves it to the service manager, or takes up the one that an earlier process has left.
import { createServer } from "node:http";
import process from "node:process";
import { activatedSockets, listen } from "@sockact/core";
import { storeFd } from "@sockact/notify";

const server = createServer((_request, response) =>
  response.end(JSON.stringify({ pid: process.pid, isStored })),
);
// #region store
const isStored = activatedSockets().some(({ name }) => name === "own");
if (isStored) {
  await listen(server, { name: "own" });
} else {
  server.listen(8080, async () => {
    await storeFd("own", server._handle.fd);
    console.log("stored");
  });
}
// #endregion store
