// Ends its event streams when the process stops.
import express from "express";
import { systemdListen } from "@sockact/express";

const app = express();
// #region streams
const streams = new Set();
app.use(systemdListen({ onDrain: () => streams.forEach((response) => response.end()) }));
app.get("/events", (request, response) => {
  response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  streams.add(response);
  response.on("close", () => streams.delete(response));
});
// #endregion streams
app.listen(3000);
