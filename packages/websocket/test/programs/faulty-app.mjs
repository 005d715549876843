// Answers each message with the process and the number of answers. FAULT says what goes wrong in the process that takes over.
import { createServer } from "node:http";
import process from "node:process";
import { WebSocketServer } from "ws";
import { listen } from "@sockact/core";
import { keepWebSockets } from "@sockact/websocket";

const { FAULT } = process.env;
const isNext = process.connected;
/** What this process does at the next request to /go. */
const later = [];
const server = createServer((request, response) => {
  if (request.url === "/go") for (const act of later.splice(0)) act();
  response.end(String(process.pid));
});
const sockets = new WebSocketServer({
  server,
  autoPong: FAULT !== "pong is late",
  path: isNext && FAULT === "other path" ? "/other" : "/chat",
});
const say = (event, more) => console.log(JSON.stringify({ event, pid: process.pid, ...more }));
process.on("warning", ({ code, message }) => say("warning", { code, message }));

function chat(ws, answers) {
  ws.answers = answers;
  ws.on("close", (code) => say("close", { code }));
  ws.on("ping", (data) => {
    if (FAULT === "pong is late") later.push(() => ws.pong(data));
  });
  ws.on("message", async (data) => {
    const text = data.toString();
    const answer = () =>
      ws.send(
        `${text} ${process.pid} ${++ws.answers}`,
        (error) => error && say("not sent", { code: error.code }),
      );
    if (text === "late") later.push(answer);
    else if (text === "wrong password") later.push(() => ws.close(4001, text));
    else if (text === "pause") {
      ws.pause();
      later.push(() => ws.resume());
      ws.send("paused");
    } else answer();
  });
}

/** Does nothing else for a second. */
function block() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

/** Sends 36 MB, each part when the one before is sent. */
function stream(ws) {
  let parts = 0;
  let turns = 0;
  const timer = setInterval(() => (turns += 1));
  const sendNext = () => {
    if (parts++ < 140) return ws.send(Buffer.alloc(2 ** 18), sendNext);
    clearInterval(timer);
    say("streamed", { turns });
  };
  sendNext();
}

sockets.on("connection", (ws, request) => {
  // As express-ws does.
  request.url += "/.websocket";
  chat(ws, 0);
  if (FAULT === "streams") later.push(() => stream(ws));
});
if (isNext && FAULT === "connection throws")
  server.on("connection", () => {
    throw new Error("from connection");
  });
let restored = 0;
if (!(isNext && FAULT === "not kept"))
  keepWebSockets(sockets, {
    name: "chat",
    canMove(ws) {
      if (FAULT === "canMove throws") throw undefined;
      if (FAULT === "canMove sends") ws.farewell ??= ws.send("x".repeat(10_000_000)) ?? true;
      return FAULT !== "busy" && !(isNext && FAULT === "busy later");
    },
    save(ws) {
      if (FAULT === "save is asynchronous") return Promise.resolve({});
      if (FAULT === "large state") return "x".repeat(70_000);
      if (FAULT === "save throws") throw new Error("from save");
      if (FAULT === "blocked") setImmediate(() => ws.send("x".repeat(900_000)));
      return { answers: ws.answers, pid: process.pid };
    },
    restore(ws, { answers, pid }, request) {
      restored += 1;
      if (FAULT === "restore throws") {
        ws.send("not to be seen");
        throw new Error("from restore");
      }
      chat(ws, answers);
      if (FAULT === "blocked") {
        block();
        setImmediate(block);
      }
      say("restored", { url: request.url });
      if (FAULT === "new process killed" && restored === 3) process.kill(process.pid, "SIGKILL");
      if (FAULT === "old process killed" && restored === 3) process.kill(pid, "SIGKILL");
      if (FAULT === "restore rejects") return Promise.reject(new Error("from restore"));
      if (FAULT === "restore rejects with nothing") return Promise.reject();
      if (FAULT === "restore never ends") return new Promise(() => {});
      if (FAULT === "restore takes long")
        return new Promise((resolve) => {
          later.push(() => {
            ws.answers += 10;
            resolve();
          });
        });
    },
  });
await listen(server, {
  onEvent: (event) => say("sockact", { ...event, error: event.error?.message }),
});
