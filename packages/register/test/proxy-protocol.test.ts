import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { openConnection } from "@sockact/testkit";
import { passedSockets, runApp } from "./run-app.ts";

const HEADER = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n";

const SERVERS = {
  http: `http.createServer((request, response) => response.end(request.socket.remoteAddress))`,
  net: `net.createServer((socket) => socket.resume().end(socket.remoteAddress))`,
};

/** What the app sends to a client that has sent this. */
async function answerTo(address: string, sent: string): Promise<string> {
  const socket = openConnection(address).setEncoding("utf8");
  await once(socket, "connect");
  socket.write(sent);
  return (await socket.toArray()).join("");
}

describe.concurrent("with SOCKACT_PROXY_PROTOCOL", () => {
  test.each(Object.entries(SERVERS))("a server of node:%s sees the client's address", async (_, server) => {
    const passed = await passedSockets({ web: "tcp4" });
    const app = runApp(passed, `told("app", ${server}).listen(3000)`, {
      env: { SOCKACT_PROXY_PROTOCOL: "web:127.0.0.1" },
    });
    await using _app = app;
    await app.line(/sockact: ready/);
    const request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    expect(await answerTo(passed.addresses["web"] as string, HEADER + request)).toMatch(/192\.0\.2\.1$/);
    for (let count = 0; count < 3; count++)
      expect(await answerTo(passed.addresses["web"] as string, request)).toBe("");
    await app.line(/closed a connection to web from 127\.0\.0\.1: SOCKACT_ERR_PROXY_HEADER/);
    app.kill("SIGTERM");
    await app.line(/sockact: drained/);
    expect(app.stderr.match(/closed a connection/g)).toHaveLength(1);
  });

  test.each([
    [
      "www:*",
      "SOCKACT_ERR_NAME_UNKNOWN",
      "SOCKACT_PROXY_PROTOCOL names www, but no socket of that name was passed",
    ],
    ["web", "SOCKACT_ERR_OPTION", "SOCKACT_PROXY_PROTOCOL must be entries such as web:10.0.0.1"],
  ])("%s ends the process with %s, before the app runs", async (value, code, message) => {
    const passed = await passedSockets({ web: "tcp4" });
    await using app = runApp(passed, `console.log("the app runs")`, {
      env: { SOCKACT_PROXY_PROTOCOL: value },
    });
    expect(await app.ended).toBe(1);
    expect(app.stderr).toContain(code);
    expect(app.stderr).toContain(message);
    expect(app.stdout).toBe("");
  });
});
