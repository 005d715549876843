// With SOCKACT_PORT, the only socket goes to the server on the port of the app, whichever server listens
// first.
import process from "node:process";
import { describe, expect, test } from "vitest";
import { httpRequest, requestOver } from "@sockact/testkit";
import { appFile, freePort, startApp } from "./start-app.ts";
import { answerOf, passedSockets, runApp } from "./run-app.ts";

/** A server for metrics, and the app when that one listens. */
const twoServers = (metrics: number, port: number): string => `
  serve("metrics").listen(${metrics}, "127.0.0.1", () => serve("app").listen(${port}, "127.0.0.1"));
`;

describe.concurrent("SOCKACT_PORT", () => {
  test("is missing: the first server gets the socket, and a warning says how the other one gets it", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const [metrics, port] = [await freePort(), await freePort()];
    await using app = runApp(passed, twoServers(metrics, port));
    await app.line(/SOCKACT_WARN_SECOND_SERVER/);
    await app.line(new RegExp(`SOCKACT_MAP=${port}=http`));
    expect(await answerOf(passed.addresses["http"])).toBe("metrics");
  });

  test("the server on that port gets the socket, and the first one listens by itself, without a warning", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const [metrics, port] = [await freePort(), await freePort()];
    await using app = runApp(passed, twoServers(metrics, port), { env: { SOCKACT_PORT: String(port) } });
    expect(await answerOf(passed.addresses["http"])).toBe("app");
    await app.line(/^app: listening/);
    expect(await answerOf(`127.0.0.1:${metrics}`)).toBe("metrics");
    app.kill("SIGTERM");
    expect(await app.ended).toBe(0);
    expect(app.stderr).not.toContain("Warning");
  });

  test("a real library with a server of its own, lightship, does not get the socket", async () => {
    const [own, port] = [await freePort(), await freePort()];
    const { app, early } = startApp([process.execPath, appFile("lightship.mjs")], {
      SOCKACT_PORT: String(port),
      PORT: String(port),
      LIGHTSHIP_PORT: String(own),
    });
    await using _ = app;
    expect((await requestOver(early)).body).toBe("app");
    expect((await httpRequest(`127.0.0.1:${own}`, "/live")).body).toBe("SERVER_IS_NOT_SHUTTING_DOWN");
    early.destroy();
    app.kill("SIGTERM");
    expect(await app.ended).toBe(0);
  });

  test("the port in PORT, which the app reads, is that of the app too", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const [metrics, port] = [await freePort(), await freePort()];
    const env = { SOCKACT_PORT: "1", PORT: String(port) };
    await using app = runApp(passed, twoServers(metrics, port), { env });
    expect(await answerOf(passed.addresses["http"])).toBe("app");
    expect(app.stderr).not.toContain("Warning");
  });

  test("the only server gets the socket too, after a moment and with a warning, if it listens on another port", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const port = await freePort();
    await using app = runApp(passed, `serve("app").listen(${port})`, { env: { SOCKACT_PORT: "1" } });
    await app.line(/^app: listening/);
    expect(await answerOf(`127.0.0.1:${port}`)).toBe("app");
    expect(await app.line(/SOCKACT_WARN_OTHER_PORT/)).toContain(
      `SOCKACT_PORT is 1, but no server has listened there for a while: the server on port ${port} gets http`,
    );
    expect(await answerOf(passed.addresses["http"])).toBe("app");
    expect(await answerOf(`127.0.0.1:${port}`)).toBe("app");
    app.kill("SIGTERM");
    expect(await app.ended).toBe(0);
  });

  test("of two servers beside an app that does not listen, one gets the socket, and the warning names it", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const [one, two] = [await freePort(), await freePort()];
    const code = `serve("one").listen(${one}); serve("two").listen(${two})`;
    await using app = runApp(passed, code, { env: { SOCKACT_PORT: "1" } });
    expect(await answerOf(passed.addresses["http"])).toBe("one");
    await app.line(/SOCKACT_WARN_OTHER_PORT/);
    expect(app.stderr.match(/SOCKACT_WARN_OTHER_PORT/g)).toHaveLength(1);
    expect(await answerOf(`127.0.0.1:${two}`)).toBe("two");
  });

  test.each([
    ["that does not speak HTTP", `net.createServer((socket) => socket.end(HELLO))`, `app.listen(PORT);`],
    [
      "whose handler comes later",
      `http.createServer()`,
      `const handle = () => app.on("request", (request, response) => response.end("app"));
      app.listen(PORT, () => setImmediate(() => setImmediate(handle)));`,
    ],
    [
      "after a tool that has probed its port",
      `serve("app")`,
      `const probe = net.createServer(() => {});
      probe.listen(PORT, () => probe.close(() => app.listen(PORT)));`,
    ],
  ])("a server %s gets the socket, although another one has listened before", async (_, server, listen) => {
    const passed = await passedSockets({ http: "tcp4" });
    const [metrics, port] = [await freePort(), await freePort()];
    const code = `
      const PORT = ${port};
      const HELLO = "HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\nConnection: close\\r\\n\\r\\napp";
      const app = ${server};
      serve("metrics").listen(${metrics}, "127.0.0.1", () => { ${listen} });
    `;
    await using app = runApp(passed, code, { env: { SOCKACT_PORT: String(port) } });
    expect(await answerOf(passed.addresses["http"])).toBe("app");
    expect(await answerOf(`127.0.0.1:${metrics}`)).toBe("metrics");
    expect(app.stderr).not.toContain("SOCKACT_WARN_OTHER_PORT");
  });

  test("an app that asks its other server before it listens starts", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const [other, port] = [await freePort(), await freePort()];
    const code = `serve("other").listen(${other}, async () => {
      const answer = await fetch("http://127.0.0.1:${other}");
      serve("app, " + (await answer.text())).listen(${port});
    });`;
    await using app = runApp(passed, code, { env: { SOCKACT_PORT: String(port) } });
    expect(await answerOf(passed.addresses["http"])).toBe("app, other");
    expect(app.stderr).not.toContain("Warning");
  });

  test("a second server after the app listens by itself, without a warning", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const [metrics, port] = [await freePort(), await freePort()];
    await using app = runApp(
      passed,
      `serve("app").listen(${port}).on("listening", () => serve("metrics").listen(${metrics}, "127.0.0.1"))`,
      { env: { SOCKACT_PORT: String(port) } },
    );
    await app.line(/^metrics: listening/);
    expect(await answerOf(passed.addresses["http"])).toBe("app");
    expect(await answerOf(`127.0.0.1:${metrics}`)).toBe("metrics");
    expect(app.stderr).not.toContain("Warning");
  });

  test.each(["0", "http", "65536"])("%j ends the process before the app runs", async (SOCKACT_PORT) => {
    const passed = await passedSockets({ http: "tcp4" });
    await using app = runApp(passed, `say("app", "runs")`, { env: { SOCKACT_PORT } });
    expect(await app.ended).toBe(1);
    expect(app.stderr).toMatch(/^sockact: fatal: SOCKACT_ERR_OPTION: SOCKACT_PORT must be a port[^\n]*\n$/);
    expect(app.stdout).toBe("");
  });
});
