import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeWith } from "../../packages/testkit/src/requires.ts";
import { autocannon, type LoadTool, sendLoad, wrk } from "./http-load.ts";

let server: Server;
let url: string;
let answers = 0;
/** Those with a request: wrk makes one more, to see whether the server listens. */
let connections: Set<Socket>;
let status = 200;

beforeEach(async () => {
  answers = 0;
  connections = new Set();
  status = 200;
  server = createServer(({ socket }, response) => {
    answers++;
    connections.add(socket);
    response.writeHead(status).end("hello");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

describeWith({ commands: ["wrk", "taskset"] }, "wrk", () => {
  loadsServers(() => wrk("wrk"), /^wrk \d+\.\d+/);
});
describe("autocannon", { tags: "campaign" }, () => {
  loadsServers(autocannon, /^autocannon \d+\.\d+/);
});

function loadsServers(toolOf: () => LoadTool, name: RegExp): void {
  test("it says its version", () => {
    expect(toolOf().name).toMatch(name);
  });

  test("the figures are those of the requests that the server has answered, on all addresses", async () => {
    const { requests, seconds, p99 } = await sendLoad(toolOf(), [url, url, url]);
    expect(requests).toBeGreaterThan(0);
    // At the end, each connection may have a request whose answer is not counted.
    expect(answers - requests).toBeGreaterThanOrEqual(0);
    expect(answers - requests).toBeLessThanOrEqual(30);
    // On a busy machine, a connection may have to wait longer than the load lasts.
    expect(connections.size).toBeLessThanOrEqual(30);
    expect(seconds).toBeGreaterThan(0.9);
    expect(p99).toBeGreaterThan(0);
  });

  test("with fresh connections, each request has its own", async () => {
    const { requests } = await sendLoad(toolOf(), [url], { isFresh: true });
    expect(requests).toBeGreaterThan(30);
    expect(connections.size).toBeGreaterThanOrEqual(requests);
  });

  test("an answer with status 500 is an error", async () => {
    status = 500;
    await expect(sendLoad(toolOf(), [url])).rejects.toThrow(/^Requests to http:\S+ failed/);
  });

  test("a server that does not listen is an error", async () => {
    server.close();
    server.closeAllConnections();
    await expect(sendLoad(toolOf(), [url])).rejects.toThrow(/^Requests to http:\S+ failed/);
  });
}
