// Sends numbered messages over each WebSocket at random moments, and checks the numbers of those that come. At a handover, the numbers go on.
import { createServer } from "node:http";
import process from "node:process";
import { WebSocketServer } from "ws";
import { listen } from "@sockact/core";
import { keepWebSockets } from "@sockact/websocket";
import { contentOf } from "./content.mjs";

const server = createServer((request, response) => response.end(String(process.pid)));
const sockets = new WebSocketServer({
  server,
  perMessageDeflate: { threshold: 0 },
  handleProtocols: (all) => [...all].at(-1),
});
/** How many times longer the pauses between messages are. */
const slowly = Number(process.env.SLOWLY ?? 1);
const counts = new WeakMap();

function count(ws, request, { up, down, heartbeats }) {
  const state = {
    up,
    down,
    heartbeats,
    pending: 0,
    timer: undefined,
    url: request.url,
    address: `${request.socket.remoteAddress}:${request.socket.remotePort}`,
  };
  counts.set(ws, state);
  const sendNext = () => {
    state.down += 1;
    ws.send(contentOf(state.down), { compress: Math.random() < 0.7 });
    state.timer = setTimeout(sendNext, Math.random() * 60 * slowly);
  };
  state.timer = setTimeout(sendNext, Math.random() * 60 * slowly);
  ws.on("pong", () => (state.heartbeats += 1));
  ws.on("ping", () => {});
  ws.on("close", () => clearTimeout(state.timer));
  ws.on("error", (error) => console.log(JSON.stringify({ event: "ws error", message: error.message })));
  ws.on("message", (data, isBinary) => {
    if (!isBinary) {
      const text = data.toString();
      if (text.startsWith("ask ")) {
        state.pending += 1;
        setTimeout(() => {
          state.pending -= 1;
          ws.send(`answer ${text.slice(4)}`);
        }, Math.random() * 20);
      } else if (text === "end") {
        clearTimeout(state.timer);
        const { up: got, down: sent, url, address } = state;
        ws.send(
          JSON.stringify({
            up: got,
            down: sent,
            url,
            address,
            protocol: ws.protocol,
            pid: process.pid,
            host: request.headers.host,
          }),
        );
      }
      return;
    }
    state.up += 1;
    if (!contentOf(state.up).equals(data)) {
      console.log(
        JSON.stringify({
          event: "wrong",
          expected: state.up,
          got: data.length > 3 ? data.readUInt32BE() : data.length,
        }),
      );
      ws.close(4000, `expected ${state.up}`);
    }
  });
}

sockets.on("connection", (ws, request) => count(ws, request, { up: 0, down: 0, heartbeats: 0 }));
keepWebSockets(sockets, {
  canMove: (ws) => counts.get(ws)?.pending === 0,
  save(ws) {
    const { timer, up, down, heartbeats } = counts.get(ws);
    clearTimeout(timer);
    return { up, down, heartbeats };
  },
  restore: (ws, state, request) => count(ws, request, state),
});
await listen(server, {
  onEvent: (event) =>
    console.log(JSON.stringify({ event: "sockact", ...event, error: event.error && String(event.error) })),
});
