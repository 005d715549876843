// The clients of an app that the campaign restarts, and what they must see.
import assert from "node:assert/strict";
import process from "node:process";
import type { AppUnderLoad } from "./app-under-load.ts";
import type { Load } from "./load.ts";
import type { LoadResult } from "./loads.ts";

const WEB_SOCKETS = 16;

/** Loads that are starting, by name. */
type Starting = Record<string, Promise<Load<"busy" | "thinking" | "webSockets">>>;

/** Clients that always have a request in progress. */
export const busyLoads = (app: AppUnderLoad): Starting => ({
  "keep-alive": app.load("busy", { connections: 32, keepAlive: true }),
  "Connection: close": app.load("busy", { connections: 32, keepAlive: false }),
});
/** Clients that pause between two requests, and WebSockets. */
export const thinkingLoads = (app: AppUnderLoad): Starting => ({
  "thinking, keep-alive": app.load("thinking", { clients: 64, keepAlive: true, think: 1000, away: 20 }),
  // Their requests take a while on the network, while their connection is open.
  "thinking, Connection: close": app.load("thinking", {
    clients: 16,
    keepAlive: false,
    think: 200,
    away: 20,
  }),
  WebSockets: app.load("webSockets", { clients: WEB_SOCKETS, think: 200 }),
});

export const everyLoad = (app: AppUnderLoad): Starting => ({ ...busyLoads(app), ...thinkingLoads(app) });

/** Prints the figures of a campaign. */
export function report(what: string, results: Record<string, LoadResult>): void {
  const lines = Object.entries(results).map(
    ([name, { lost, sent, resets, longest }]) =>
      `  ${name}: ${lost} of ${sent} requests lost, ${resets} resets, the longest wait ${longest.toFixed()} ms`,
  );
  console.log([`${what}, Node ${process.version}:`, ...lines].join("\n"));
}

/**
 * @param restarts how often the app was restarted. A WebSocket that is open at the signal gets one close
 *   frame. If it reconnects while the old process still accepts, it gets one more when that process stops.
 *   Omitted if the number depends on the worker that serves the WebSocket.
 */
export function expectAllAnswered(results: Record<string, LoadResult>, restarts?: number): void {
  for (const [name, result] of Object.entries(results)) {
    const { failed, resets } = result;
    assert.deepEqual({ name, failed, resets }, { name, failed: {}, resets: 0 });
    if (!("closed" in result)) continue;
    const closed = result.closed as Record<string, number>;
    assert.deepEqual(Object.keys(closed), ["1001"], "each sees a close frame");
    if (restarts === undefined) continue;
    const webSockets = Number(closed["1001"]);
    const each = WEB_SOCKETS * restarts;
    assert.ok(webSockets >= each, "each sees at least one a restart");
    assert.ok(webSockets <= 2 * each, "each sees at most two a restart");
  }
}
