import { appendFileSync, openSync, readFileSync, watch } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { systemdListen } from "@sockact/express";
import { keepWebSockets } from "@sockact/websocket";
import express from "express";
import { WebSocketServer } from "ws";

const version = readFileSync(new URL("version.txt", import.meta.url), "utf8").trim();
const page = fileURLToPath(new URL("page.html", import.meta.url));

const app = express();
app.use(systemdListen());
app.get("/", (_request, response) => response.sendFile(page));

const server = createServer(app);
const sockets = new WebSocketServer({ server, maxPayload: 1000 });

// During a handover, some WebSockets are in the old process and some in the new one. Both write the messages
// to this file, and send each line of it to their own WebSockets.
const file = join(process.env.STATE_DIRECTORY ?? ".", "messages.jsonl");
appendFileSync(file, "");
const reader = openSync(file, "r");
const decoder = new TextDecoder();
const messages = [];
let unfinished = "";

function readMessages() {
  // Of a file descriptor, Node reads what has come since the last time.
  const text = unfinished + decoder.decode(readFileSync(reader), { stream: true });
  const lines = text.split("\n");
  unfinished = lines.pop();
  messages.push(...lines);
  sockets.clients.forEach(sendMessages);
}

function sendMessages(ws) {
  while (ws.next < messages.length) ws.send(messages[ws.next++]);
}

/** @param next the index of the first message that the client does not have yet */
function serve(ws, name, next) {
  Object.assign(ws, { name, next });
  ws.on("error", console.error);
  ws.on("message", (text) => {
    appendFileSync(file, `${JSON.stringify({ version, name, text: String(text) })}\n`);
  });
  ws.send(JSON.stringify({ serving: version }));
  sendMessages(ws);
}

sockets.on("connection", (ws, { url }) => {
  const query = new URLSearchParams(url.split("?")[1]);
  serve(ws, query.get("name"), Math.max(0, Number.parseInt(query.get("next"))) || 0);
});

keepWebSockets(sockets, {
  save(ws) {
    const { name, next } = ws;
    // From now on, the new process sends the messages.
    ws.next = Infinity;
    return { name, next };
  },
  restore: (ws, { name, next }) => serve(ws, name, next),
});

watch(file, readMessages);
readMessages();
server.listen(3000, () => console.log(`Version ${version} is listening in process ${process.pid}`));
