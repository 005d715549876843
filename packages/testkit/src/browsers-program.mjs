// Browsers with several tabs, whose hosts are behind one proxy with TLS: node browsers-program.mjs OPTIONS. Prints
// `running` once each client has had an answer, `round` for each input line once each has had one more, and its
// `result` at the end of the input.
//
// As browsers do, they keep their connections over HTTP/1.1 and HTTP/2, use a connection of HTTP/2 for each host
// that its certificate names, and repeat a request if a connection that they have used before ends without a response,
// as Chromium does for every method.
import { EventEmitter, once } from "node:events";
import * as http2 from "node:http2";
import * as https from "node:https";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";
import { randomFrom } from "../../testing/programs/load/random.mjs";

/**
 * `hosts`: those of all clients; `sleepy`: hosts that are asked rarely; `HTTP/1.1`, `HTTP/2`: how many browsers
 * use it; `uploads`, `streams`, `webSockets`: how many clients.
 */
const options = JSON.parse(process.argv[2]);
const { hosts, sleepy } = options;

/** In milliseconds: how long a request may take, and the longest pauses. */
const TIMEOUT = 30_000;
const THINK = 200;
const PAUSE_OF_UPLOAD = 50;
const PIECES = 10;
const RARELY = 2_500;
const HEADERS = { "content-type": "text/plain" };
const SMALL = Buffer.alloc(20_000, "x");

const stopping = new AbortController();
const rounds = new EventEmitter().setMaxListeners(0);
/** Each request or stream: [kind, host, began, ended, why it failed]. */
const log = [];
const counts = { repeated: [], reopened: 0 };
const now = () => performance.timeOrigin + performance.now();
const pause = (longest, random) => delay(random() * longest, undefined, stopping).catch(() => {});

/** Sends a request until it is not to be repeated, and records it. */
async function record(kind, host, send, began = now()) {
  let failure;
  let isOver = false;
  while (!isOver) {
    isOver = true;
    await send().catch((error) => {
      isOver = !error.isRepeatable;
      if (isOver) failure = error.code ? `${error.code} ${error.message}` : error.message;
      else counts.repeated.push(`${kind} ${error.message}`);
    });
  }
  log.push([kind, host, Math.round(began), Math.round(now()), failure]);
  return failure === undefined;
}

function check({ status, body }, expected) {
  if (status !== 200) throw new Error(`status ${status}`);
  if (body !== expected) throw new Error(`another body of ${body.length} bytes`);
}

class Http1 {
  #agent = new https.Agent({ keepAlive: true, maxSockets: 6, rejectUnauthorized: false });
  #used = new WeakSet();

  async ask(host, method, path, content) {
    const sent = https.request({
      host,
      servername: host,
      method,
      path,
      headers: HEADERS,
      agent: this.#agent,
      timeout: TIMEOUT,
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer")));
    // The property reusedSocket is not set if another request has waited for the connection.
    let isReused = false;
    sent.once("socket", (socket) => {
      isReused = this.#used.has(socket);
      this.#used.add(socket);
    });
    try {
      const answered = once(sent, "response");
      answered.catch(() => {});
      if (typeof content === "function") await content(sent);
      else sent.end(content);
      const [response] = await answered;
      sent.hasResponse = true;
      return { status: response.statusCode, body: Buffer.concat(await response.toArray()).toString() };
    } catch (error) {
      error.isRepeatable = isReused && !sent.hasResponse && error.message !== "no answer";
      throw error;
    }
  }
}

class Http2 {
  #sessions = new Map();

  async #session(host) {
    for (const session of this.#sessions.values())
      if (!session.closed && !session.destroyed && !session.hasEnded && session.covers?.(host))
        return session;
    const session = http2.connect(`https://${host}`, { rejectUnauthorized: false });
    this.#sessions.set(host, session);
    session.covers = (other) => other === host;
    session.on("error", () => {});
    session.on("goaway", () => (session.hasEnded = true));
    session.once("connect", (_, socket) => {
      const names = socket.getPeerCertificate().subjectaltname ?? "";
      if (names.includes(`DNS:*.${host.replace(/^[^.]*\./, "")}`))
        session.covers = (other) => other.replace(/^[^.]*/, "") === host.replace(/^[^.]*/, "");
    });
    return session;
  }

  async ask(host, method, path, content) {
    const session = await this.#session(host);
    const isReused = session.isUsed === true;
    session.isUsed = true;
    let status;
    const stream = session.request({ ":method": method, ":path": path, ":authority": host, ...HEADERS });
    try {
      stream.setTimeout(TIMEOUT, () => stream.destroy(new Error("no answer")));
      const [answered, closed] = [once(stream, "response"), once(stream, "close")];
      for (const promise of [answered, closed]) promise.catch(() => {});
      stream.on("error", () => {});
      if (typeof content === "function") await content(stream);
      else stream.end(content);
      const [headers] = await Promise.race([answered, closed]);
      if (headers === undefined) throw new Error("closed without a response");
      status = headers[":status"];
      return { status, body: Buffer.concat(await stream.toArray()).toString() };
    } catch (error) {
      error.message += `, rst ${stream.rstCode}`;
      error.isRepeatable =
        (isReused || stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM) &&
        status === undefined &&
        !error.message.startsWith("no answer");
      throw error;
    }
  }
}

const protocols = { "HTTP/1.1": Http1, "HTTP/2": Http2 };

/** Asks several hosts at once: pages, and a form. */
function browser(protocol) {
  const client = new protocols[protocol]();
  return async (random, answered) => {
    const some = Array.from({ length: 4 }, () => hosts[Math.floor(random() * hosts.length)]);
    const get = (host) =>
      record(`${protocol} GET`, host, async () => check(await client.ask(host, "GET", "/"), "hello"));
    const post = async (host) => {
      const body = "x".repeat(1 + Math.floor(random() * 5_000));
      return record(`${protocol} POST`, host, async () =>
        check(await client.ask(host, "POST", "/form", body), body),
      );
    };
    await Promise.all([...some.map(get), post(some[0]), post(some[1])]);
    answered();
    await pause(THINK, random);
  };
}

/** Asks an app that may be asleep, or falls asleep. */
function visitor(protocol) {
  const client = new protocols[protocol]();
  return async (random, answered) => {
    const host = sleepy[Math.floor(random() * sleepy.length)];
    await record(`${protocol} rare GET`, host, async () =>
      check(await client.ask(host, "GET", "/"), "hello"),
    );
    answered();
    await pause(RARELY, random);
  };
}

function uploader(protocol) {
  const client = new protocols[protocol]();
  return async (random, answered) => {
    const host = hosts[Math.floor(random() * hosts.length)];
    const content = async (sent) => {
      for (let piece = 0; piece < PIECES; piece++) {
        await delay(random() * PAUSE_OF_UPLOAD * 2);
        if (sent.destroyed || sent.writableEnded) break;
        sent.write(SMALL);
      }
      sent.end();
    };
    const answer = () => client.ask(host, "PUT", "/upload", content);
    await record(`${protocol} upload`, host, async () =>
      check(await answer(), String(PIECES * SMALL.length)),
    );
    answered();
  };
}

/**
 * Reads an event stream. As EventSource, it connects again when the stream ends. A stream that was cut counts as
 * failed from its beginning.
 */
function reader(index) {
  const host = hosts[index % hosts.length];
  const { signal } = stopping;
  return async (random, answered) => {
    const began = now();
    const end = (failure) => log.push(["event stream", host, Math.round(began), Math.round(now()), failure]);
    try {
      const sent = https.get({ host, servername: host, path: "/events", rejectUnauthorized: false, signal });
      const [response] = await once(sent, "response");
      if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
      for await (const _ of response) answered();
      counts.reopened++;
      end();
    } catch (error) {
      if (!signal.aborted) end(error.code ?? error.message);
    }
    await pause(THINK, random);
  };
}

/** Sends messages over a WebSocket, and connects again when it is closed. */
function webSocket(index) {
  const host = hosts[index % hosts.length];
  let socket;
  let began;
  /** The first of these events: its name, and its first argument. */
  const first = async (...names) => {
    const over = new AbortController();
    try {
      return await Promise.race(
        names.map(async (name) => [name, ...(await once(socket, name, { signal: over.signal }))]),
      );
    } finally {
      over.abort();
    }
  };
  const open = async () => {
    began = now();
    socket = new WebSocket(`wss://${host}/`, { rejectUnauthorized: false, handshakeTimeout: TIMEOUT });
    socket.on("error", () => {});
    const [name, , response] = await first("open", "unexpected-response");
    if (name !== "open") throw new Error(`status ${response.statusCode}`);
  };
  const echo = async () => {
    const text = String(performance.now());
    socket.send(text, () => {});
    const [name, data] = await first("message", "close");
    // The protocol allows no answer after a close frame. The message is sent again.
    if (name === "close" && data === 1006) throw new Error("cut");
    if (name === "message" && String(data) !== text) throw new Error("another echo");
  };
  return async (random, answered) => {
    const isOpen = socket?.readyState === WebSocket.OPEN;
    if (socket !== undefined && !isOpen) counts.reopened++;
    // A message belongs to its connection.
    if (!isOpen) await record("WebSocket", host, open);
    else if (await record("message", host, echo, began)) answered();
    await pause(THINK, random);
  };
}

const times = (count, create) => Array.from({ length: count }, (_, index) => create(index));
const clients = Object.keys(protocols).flatMap((protocol) => [
  ...times(options[protocol], () => browser(protocol)),
  ...times(options.uploads, () => uploader(protocol)),
  ...times(options.visitors, () => visitor(protocol)),
]);
clients.push(...times(options.streams, reader), ...times(options.webSockets, webSocket));

const lives = clients.map(async (turn, id) => {
  const random = randomFrom(options.seed + id);
  const answered = () => rounds.emit(`turn ${id}`);
  while (!stopping.signal.aborted) await turn(random, answered);
});
// An answer to what was sent before does not count.
const round = () =>
  Promise.all(
    lives.map(async (_, id) => {
      await once(rounds, `turn ${id}`);
      await once(rounds, `turn ${id}`);
    }),
  );
const say = (event, more) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

await round();
say("running");
for await (const _ of createInterface({ input: process.stdin })) {
  await round();
  say("round");
}
stopping.abort();
await Promise.all(lives);
process.stdout.write(`${JSON.stringify({ event: "result", ...counts, log })}\n`, () => process.exit());
