// Opens a port and stores it at the service manager, or takes the port that an earlier process has stored.
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
