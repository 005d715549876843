// Runs each command from standard input, or from TAKE, on the passed sockets, and prints its result.
import { createSocket } from "node:dgram";
import { existsSync, fstatSync } from "node:fs";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { activatedSockets, bindDatagram, claimSocket, keepAwake, listen } from "@sockact/core";

const say = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
const refusal = ({ code, message, hint }) => ({ refused: { code, message, hint } });
const attempt = async (action) => {
  try {
    return await action();
  } catch (error) {
    return refusal(error);
  }
};
const onEvent = ({ type }) => say(type);
const sockets = [];
const releases = [];

const actions = {
  sockets: () => ({ sockets: activatedSockets() }),
  take: (name) => ({ taken: claimSocket(name) }),
  serve: (name, options) =>
    listen(
      createServer((_, response) => response.end("hello")),
      { ...(name && { name }), onEvent, ...options },
    ),
  /** Echoes; `later` waits until the end. */
  bind(name, { type = "udp4", ...options } = {}) {
    const socket = createSocket({ type, reuseAddr: false });
    sockets.push(socket);
    const waiting = [];
    socket.on("message", (message, { port, address }) => {
      const answer = () => new Promise((resolve) => socket.send(message, port, address, resolve));
      say("message", { text: message.toString() });
      if (message.toString() === "later") waiting.push(answer);
      else void answer();
    });
    socket.on("close", () => say("closed"));
    const onStop = async () => {
      for (const answer of waiting) await answer();
      say("onStop");
    };
    return bindDatagram(socket, { ...(name && { name }), onEvent, onStop, ...options });
  },
  /** Returns for each descriptor its kind, the results of using it, and whether it is still open. */
  async all() {
    const passed = activatedSockets();
    const inode = (fd) => fstatSync(fd, { bigint: true }).ino;
    const results = [];
    for (const socket of passed) {
      const { fd, name } = socket;
      const before = inode(fd);
      const served = await attempt(() => actions.serve(name, { signals: false }));
      const bound = served.refused && (await attempt(() => actions.bind(name, { signals: false })));
      const bound6 =
        bound?.refused && (await attempt(() => actions.bind(name, { type: "udp6", signals: false })));
      const codes = [served, bound, bound6].map((each) => each && (each.refused?.code ?? "taken"));
      results.push({ kind: socket.kind, codes, isOpen: inode(fd) === before });
    }
    return { results };
  },
  hold: () => releases.push(keepAwake()),
  release: () => releases.pop()(),
  /** Sends messages to this port, several in each idleTimeout of the test, and for longer than that. */
  chat(port) {
    const client = createSocket("udp4");
    let count = 0;
    const interval = setInterval(() => {
      client.send("hello", Number(port), "127.0.0.1");
      if (++count < 12) return;
      clearInterval(interval);
      client.close();
      say("chatted");
    }, 50);
  },
  /** Releases a hold, and blocks the event loop until the file does not exist, and longer than any idleTimeout of a test that uses it. */
  block() {
    actions.release();
    say("blocked");
    const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    while (existsSync(process.env.BLOCK)) sleep(5);
    sleep(400);
  },
  exit: () => process.exit(),
};

async function act(line) {
  const [action, name, options = "{}"] = line.split(" ");
  say(action, await attempt(() => actions[action](name, JSON.parse(options))));
}

for (const line of (process.env.DO ?? "").split(";").filter(Boolean)) await act(line);
if (process.env.STDIN) {
  process.stdin.on("data", () => say("stdin data")).on("end", () => say("stdin end"));
} else {
  createInterface({ input: process.stdin }).on("line", act);
}
say("up");
