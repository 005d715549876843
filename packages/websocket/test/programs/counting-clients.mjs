// Clients of counting-app.mjs: `node counting-clients.mjs PORT COUNT SLOWLY [odd]`. With `odd`, 5 % of them stop to read, or end their half of the connection. After the line `end` on standard input, prints what they have seen.
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";
import { contentOf } from "./content.mjs";

const [port, count, slowly] = process.argv.slice(2).map(Number);
const areSomeOdd = process.argv[5] === "odd";
const result = {
  opened: 0,
  closed: {},
  up: 0,
  down: 0,
  wrong: [],
  pings: 0,
  asked: 0,
  longestAnswer: 0,
  errors: [],
};
let isOver = false;
let end;
const over = new Promise((resolve) => (end = resolve));
const deflates = [
  false,
  true,
  { clientNoContextTakeover: true },
  { clientMaxWindowBits: 10 },
  { serverNoContextTakeover: true },
];

class Client {
  up = 0;
  down = 0;
  asks = new Map();
  pings = [];
  isDone = false;
  isQuiet = false;

  constructor(index) {
    this.index = index;
    this.ws = new WebSocket(`ws://127.0.0.1:${port}/path/${index}?q=${index}`, ["one", "two"], {
      perMessageDeflate: deflates[index % 5],
    });
    this.opened = once(this.ws, "open");
    this.ended = new Promise((resolve) => (this.onEnd = resolve));
    this.ws.on("message", (data, isBinary) => this.onMessage(data, isBinary));
    this.ws.on("pong", (data) => {
      if (this.pings.shift() !== data.toString()) this.report("a pong that was not asked for");
    });
    this.ws.on("error", (error) => result.errors.push(error.message));
    this.ws.on("close", (code) => {
      if (!this.isDone) result.closed[code] = (result.closed[code] ?? 0) + 1;
      this.onEnd();
    });
  }

  report(what) {
    if (result.wrong.length < 20) result.wrong.push(`client ${this.index}: ${what}`);
  }

  onMessage(data, isBinary) {
    if (isBinary) {
      this.down += 1;
      result.down += 1;
      if (!contentOf(this.down).equals(data))
        this.report(`expected ${this.down}, got ${data.readUInt32BE()} of ${data.length} bytes`);
      return;
    }
    const text = data.toString();
    if (text.startsWith("answer ")) {
      const since = this.asks.get(text.slice(7));
      if (since === undefined) this.report(text);
      else result.longestAnswer = Math.max(result.longestAnswer, performance.now() - since);
      this.asks.delete(text.slice(7));
      return;
    }
    const { up, down, url, protocol, address, host } = JSON.parse(text);
    const { localPort } = this.ws._socket;
    const seen = { up, down, url, protocol, address, host };
    const expected = {
      up: this.up,
      down: this.down,
      url: `/path/${this.index}?q=${this.index}`,
      protocol: "two",
      address: `127.0.0.1:${localPort}`,
      host: "127.0.0.1",
    };
    for (const key of Object.keys(expected))
      if (seen[key] !== expected[key]) this.report(`${key} is ${seen[key]}, not ${expected[key]}`);
    if (this.asks.size > 0) this.report(`${this.asks.size} questions have no answer`);
    this.isDone = true;
    this.onEnd();
  }

  /** At a random moment, it stops to read, or it ends its half of the connection. */
  async behaveOddly() {
    await delay(Math.random() * 400);
    this.isQuiet = true;
    if (this.index % 40 === 19) this.ws._socket.end();
    else this.ws.pause();
    await over;
    this.ws.resume();
  }

  async run() {
    await this.opened;
    result.opened += 1;
    const odd = areSomeOdd && this.index % 20 === 19 ? this.behaveOddly() : undefined;
    while (!isOver && !this.isQuiet && this.ws.readyState === WebSocket.OPEN) {
      const kind = Math.random();
      if (kind < 0.1) {
        const data = String(Math.random());
        this.pings.push(data);
        this.ws.ping(data);
        result.pings += 1;
      } else if (kind < 0.2) {
        const id = `${this.index}-${result.asked++}`;
        this.asks.set(id, performance.now());
        this.ws.send(`ask ${id}`);
      } else if (kind < 0.3 && this.index % 7 === 0) {
        this.ws.pause();
        await delay(Math.random() * 200);
        this.ws.resume();
      } else {
        this.up += 1;
        result.up += 1;
        const data = contentOf(this.up);
        if (data.length > 10 && Math.random() < 0.1) {
          // Two fragments, with time between them.
          this.ws.send(data.subarray(0, 10), { fin: false });
          await delay(Math.random() * 10);
          this.ws.send(data.subarray(10));
        } else this.ws.send(data);
      }
      if (Math.random() < 0.7) await delay(Math.random() * 60 * slowly);
    }
    await odd;
    const isWaiting = () => this.asks.size > 0 && this.ws.readyState === WebSocket.OPEN;
    for (let waits = 0; isWaiting() && waits < 500; waits += 1) await delay(20);
    if (this.ws.readyState === WebSocket.OPEN) this.ws.send("end");
    const timer = setTimeout(() => {
      this.report("silence");
      this.onEnd();
    }, 20_000);
    await this.ended;
    clearTimeout(timer);
    this.ws.terminate();
  }
}

const clients = Array.from({ length: count }, (_, index) => new Client(index));
const running = Promise.all(clients.map((client) => client.run()));
await Promise.all(clients.map(({ opened }) => opened));
console.log(JSON.stringify({ event: "running" }));
for await (const line of createInterface(process.stdin)) {
  if (line === "look") console.log(JSON.stringify({ event: "look", ...result }));
  if (line === "end") break;
}
isOver = true;
end();
await running;
console.log(JSON.stringify({ event: "result", ...result }));
process.exit();
