// The common parts of the apps in the adapters' contract. Plain JavaScript, because Node runs them without
// the test runner.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import process from "node:process";
import { WebSocketServer } from "ws";

/** Options for systemdListen(); undefined for an app without it, for comparison. */
export const options = process.env.PLAIN ? undefined : JSON.parse(process.env.OPTIONS ?? "{}");

/** The port on which the app listens if it is not activated. */
export const port = Number(process.env.PORT ?? 0);

/** Whether the app creates its own server or its framework does. */
export const ownServer = process.env.SERVER !== undefined;

/** The app's own server: one of node:http, or of node:https with `SERVER=https`. */
export function createOwnServer(handler) {
  if (process.env.SERVER !== "https") return createServer(handler);
  const { KEY, CERT } = process.env;
  return createHttpsServer({ key: readFileSync(KEY), cert: readFileSync(CERT) }, handler);
}

// Keeps the process alive, as a database pool does.
if (process.env.POOL) setInterval(() => {}, 2 ** 30);

/** Sends an event to the test. */
export function say(event, more = {}) {
  process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
}

/** The answer of each app to `GET /`. */
export function whoAmI({ url, socket }) {
  return { pid: process.pid, url, remoteAddress: socket.remoteAddress ?? null };
}

/** The answer to `GET /sockact` of an app whose adapter adds `sockact` to it. */
export async function askSockact({ activated, draining, checkHealth, keepAwake }) {
  keepAwake()();
  return { activated, draining, health: await checkHealth() };
}

/**
 * Reports what happens to a server.
 *
 * @param {import("node:net").Server} server
 * @param {() => string[]} leftovers the names of the functions in the request path
 */
export function report(server, leftovers) {
  // On a busy machine, a client of the test can be silent for longer than Node's five seconds.
  if (process.env.KEEP_ALIVE) server.keepAliveTimeout = Number(process.env.KEEP_ALIVE);
  server.on("listening", () => say("listening", { address: server.address(), leftovers: leftovers() }));
  server.on("error", ({ code, message }) => say("error", { code, message }));
  server.on("close", () => say("close"));
  // The standard input of a service is a file.
  process.stdin.unref?.();
  process.stdin.on("data", () => server.close(() => say("closed")));
}

/** A WebSocket server for the server's upgrades, which echoes each message. */
export function echoWebSockets(server) {
  const webSockets = new WebSocketServer({ server });
  webSockets.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
  // It also emits the server's errors, which report() sends.
  webSockets.on("error", () => {});
  return webSockets;
}
