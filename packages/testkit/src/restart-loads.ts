// The clients of an app that is restarted in the campaign, and what they must see.
import process from "node:process";
import { expect } from "vitest";
import type { AppUnderLoad } from "./app-under-load.ts";
import type { Load, LoadResult } from "./load.ts";

const WEB_SOCKETS = 16;

/** Loads that start, by a name. */
type Starting = Record<string, Promise<Load<"busy" | "thinking" | "webSockets">>>;

/** Clients that always have a request under way. */
export const busyLoads = (app: AppUnderLoad): Starting => ({
  "keep-alive": app.load("busy", { connections: 32, keepAlive: true }),
  "Connection: close": app.load("busy", { connections: 32, keepAlive: false }),
});
/** Clients that think between two requests, and WebSockets. */
export const thinkingLoads = (app: AppUnderLoad): Starting => ({
  "thinking, keep-alive": app.load("thinking", { clients: 64, keepAlive: true, think: 1000, away: 20 }),
  // The network keeps each of their requests on its way for a while when its connection is there already.
  "thinking, Connection: close": app.load("thinking", {
    clients: 16,
    keepAlive: false,
    think: 200,
    away: 20,
  }),
  WebSockets: app.load("webSockets", { clients: WEB_SOCKETS, think: 200 }),
});

/** Every kind of client. */
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
 * @param restarts how often the app was restarted. A WebSocket that is open at the signal sees one close
 * frame. If it connects again while the old process still accepts, it sees one more when that process stops.
 * Left out if it depends on the worker that serves the WebSocket.
 */
export function expectAllAnswered(results: Record<string, LoadResult>, restarts?: number): void {
  for (const [name, result] of Object.entries(results)) {
    const { failed, resets } = result;
    expect({ name, failed, resets }).toEqual({ name, failed: {}, resets: 0 });
    if (!("closed" in result)) continue;
    const closed = result.closed as Record<string, number>;
    expect(closed, "each sees a close frame").toEqual({ 1001: expect.any(Number) });
    if (restarts === undefined) continue;
    const each = WEB_SOCKETS * restarts;
    expect(closed["1001"], "each sees at least one a restart").toBeGreaterThanOrEqual(each);
    expect(closed["1001"], "each sees at most two a restart").toBeLessThanOrEqual(2 * each);
  }
}
