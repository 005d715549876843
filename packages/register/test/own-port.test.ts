import { describe, expect, test } from "vitest";
import {
  type AppProcess,
  freeAddress,
  httpRequest,
  openRequest,
  readAnswer,
  startProcess,
} from "@sockact/testkit";
import { portIn, preload, PRELUDE } from "./run-app.ts";
import { appFile } from "./start-app.ts";

/**
 * Starts an app that listens on PORT, with the preload and without systemd.
 *
 * @param code its code, or the arguments of node
 */
async function startOnPort(
  code: string | readonly string[],
  env: Record<string, string>,
): Promise<{ app: AppProcess; address: string }> {
  const address = await freeAddress("tcp4");
  const args = typeof code === "string" ? ["--eval", PRELUDE + code] : code;
  const app = startProcess([process.execPath, "--require", preload, ...args], {
    env: { PORT: String(portIn(address)), ...env },
  });
  await app.line(/^app: listening/);
  return { app, address };
}

/** The answer to `/slow` waits for a line on standard input. */
const SERVER = `
told("app", http.createServer((request, response) => {
  if (request.url !== "/slow") return response.end("quick");
  say("app", "slow");
  process.stdin.once("data", () => response.end("slow"));
})).listen(process.env.PORT, "127.0.0.1");
process.stdin.unref();
`;

describe.concurrent("an app on a port of its own, which can't be changed", () => {
  test.each([
    [{ SOCKACT_SIGNALS: "yes" }],
    [{ SOCKACT_HEALTH: "/healthz" }],
    [{ SOCKACT_STOP_DELAY: "1ms" }],
    // A terminal of a desktop is a service, whose shells inherit this variable.
    [{ SOCKACT_SIGNALS: "yes", SYSTEMD_EXEC_PID: String(process.pid) }],
  ])("loses no request at SIGTERM with %j, although it exits at once", async (env) => {
    const { app, address } = await startOnPort(
      `${SERVER} process.on("SIGTERM", () => process.exit(7));`,
      env,
    );
    await using running = app;
    const slow = openRequest(address, "/slow");
    slow.end();
    await running.line(/^app: slow/);
    running.kill("SIGTERM");
    await running.line(/draining/);
    running.write("answer");
    const { body, headers } = await readAnswer(slow);
    expect([body, headers.connection]).toEqual(["slow", "close"]);
    expect(await running.ended).toBe(7);
  });

  test("is served during SOCKACT_STOP_DELAY, with 503 for probes", async () => {
    const { app, address } = await startOnPort(SERVER, {
      SOCKACT_STOP_DELAY: "2s",
      SOCKACT_HEALTH: "/healthz",
    });
    await using running = app;
    expect(await httpRequest(address, "/healthz")).toMatchObject({ status: 200, body: "ready" });
    running.kill("SIGTERM");
    await running.line(/draining/);
    expect(await httpRequest(address, "/healthz")).toMatchObject({ status: 503, body: "stopping" });
    expect(await httpRequest(address)).toMatchObject({ status: 200, body: "quick" });
    expect(await running.ended).toBe(0);
  });

  test.each([
    ["no variable", {}],
    ["SOCKACT_SIGNALS=no", { SOCKACT_SIGNALS: "no", SOCKACT_HEALTH: "/healthz" }],
  ])("handles its signals itself with %s", async (_, env) => {
    const { app, address } = await startOnPort(SERVER, env);
    await using running = app;
    const { status, body } = await httpRequest(address, "/healthz");
    expect([status, body]).toEqual([200, "SOCKACT_HEALTH" in env ? "ready" : "quick"]);
    running.kill("SIGTERM");
    expect(await running.ended).toBe("SIGTERM");
    expect(running.stderr).toBe("");
  });

  test("handles its signals itself if the variables are those of a service, whose child it is", async () => {
    const variables = { SOCKACT_SIGNALS: "yes", SOCKACT_HEALTH: "/healthz" };
    await using service = startProcess(["cat"], { env: variables });
    const { app, address } = await startOnPort(SERVER, {
      ...variables,
      SYSTEMD_EXEC_PID: String(service.pid),
    });
    await using running = app;
    expect((await httpRequest(address, "/healthz")).body).toBe("quick");
    running.kill("SIGTERM");
    expect(await running.ended).toBe("SIGTERM");
  });

  test("does not wait for a server on a path, which a process manager has for its own processes", async () => {
    const { app } = await startOnPort(
      `${SERVER}
      const inner = require("node:net").createServer((socket) => say("inner", "connected")).listen("\\0of-pm" + process.pid, () =>
        require("node:net").connect("\\0of-pm" + process.pid));`,
      { SOCKACT_SIGNALS: "yes" },
    );
    await using running = app;
    await running.line(/^inner: connected/);
    running.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    expect(running.stderr).toContain("drained");
  });

  test("in a worker of node:cluster, drains when the primary passes the signal on", async () => {
    const { app, address } = await startOnPort([appFile("cluster-on-port.cjs")], { SOCKACT_SIGNALS: "yes" });
    await using running = app;
    const slow = openRequest(address, "/slow");
    slow.end();
    await running.line(/^app: slow/);
    running.kill("SIGTERM");
    await running.line(/draining/);
    running.write("answer");
    expect((await readAnswer(slow)).body).toBe("slow");
    expect(await running.ended).toBe(0);
  });
});
