import { readFileSync } from "node:fs";
import process from "node:process";
import { describe, expect, test } from "vitest";
import {
  type AppProcess,
  describeWith,
  freeAddress,
  httpRequest,
  openConnection,
  readAnswer,
  openRequest,
  requestOver,
  startProcess,
} from "@sockact/testkit";
import { passedSockets, preload, runApp, runSupervised } from "./run-app.ts";

/** A server whose answer to `/slow` waits for a line on standard input, and that knows its connections. */
const SERVER = `
const connections = new Set();
const server = http.createServer((request, response) => {
  if (request.url !== "/slow") return response.end("quick");
  say("app", "slow");
  process.stdin.once("data", () => response.end("slow"));
}).listen(3000);
server.on("connection", (socket) => {
  connections.add(socket);
  socket.on("close", () => connections.delete(socket));
});
process.stdin.unref();
`;

/**
 * Sends SIGTERM to an app with a request under way and an idle connection, and expects that both get their
 * answers.
 */
async function stopUnderWay(
  address: string,
  app: AppProcess,
  signal: NodeJS.Signals = "SIGTERM",
): Promise<void> {
  await app.line(/sockact: ready/);
  const slow = openRequest(address, "/slow");
  slow.end();
  const idle = openConnection(address);
  expect((await requestOver(idle)).body).toBe("quick");
  await app.line(/^app: slow/);
  app.kill(signal);
  await app.line(/draining/);
  const last = await requestOver(idle);
  expect(last.body).toBe("quick");
  expect(last.headers.connection).toBe("close");
  app.write("answer");
  expect((await readAnswer(slow)).body).toBe("slow");
}

test("an app that waits for the event close after it has closed its server ends", async () => {
  const passed = await passedSockets({ http: "tcp4" });
  await using app = runApp(
    passed,
    `${SERVER}
    setInterval(() => {}, 1000);
    server.on("close", () => say("app", "first"));
    process.on("SIGTERM", () => {
      server.close(() => say("app", "called back"));
      server.on("close", () => process.exit(9));
    });`,
  );
  await stopUnderWay(passed.addresses["http"] as string, app);
  expect(await app.ended).toBe(9);
  expect(app.stdout).toMatch(/app: first\napp: called back\n$/);
});

describe.concurrent("an app loses no request at SIGTERM", () => {
  test.each([
    ["has no listener of the signal", "", 0],
    ["ends at once", `process.on("SIGTERM", () => process.exit(7));`, 7],
    [
      "destroys its connections, and ends",
      `process.once("SIGTERM", () => {
        for (const socket of connections) socket.destroy();
        server.close(() => process.exit(8));
      });`,
      8,
    ],
    [
      "closes its server, and ends with 143",
      `process.on("SIGTERM", () => server.close((error) => process.exit(error ? 1 : 143)));`,
      143,
    ],
    [
      "has a time limit",
      `process.on("SIGTERM", () => {
        server.close(() => process.exit(9));
        setTimeout(() => process.exit(10), 1);
      });`,
      // Either of the two may come first.
      expect.toBeOneOf([9, 10]),
    ],
    ["uses signal-exit 4", `require("signal-exit").onExit(() => say("app", "exits"));`, 0],
    [
      "sends itself the signal again",
      `process.once("SIGTERM", async () => { process.exitCode = 11; process.kill(process.pid, "SIGTERM"); });`,
      11,
    ],
  ] as const)("that %s", async (_, handler, code) => {
    const passed = await passedSockets({ http: "tcp4" });
    await using app = runApp(passed, handler + SERVER, { cwd: import.meta.dirname });
    await stopUnderWay(passed.addresses["http"] as string, app);
    expect(await app.ended).toEqual(code);
    expect(app.stderr).toContain("sockact: drained");
  });

  test("if it replaces all listeners when it listens", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    await using app = runApp(
      passed,
      `${SERVER} server.on("listening", () => {
        process.removeAllListeners("SIGTERM");
        process.on("SIGTERM", () => process.exit(16));
      })`,
    );
    await stopUnderWay(passed.addresses["http"] as string, app);
    expect(await app.ended).toBe(16);
  });

  test("if it adds its listener while it runs", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    await using app = runApp(
      passed,
      `${SERVER} server.on("listening", () => process.on("SIGINT", () => process.exit(12)))`,
    );
    await stopUnderWay(passed.addresses["http"] as string, app, "SIGINT");
    expect(await app.ended).toBe(12);
  });
});

test("a second signal ends an app at once, without its listeners", async () => {
  const passed = await passedSockets({ http: "tcp4" });
  await using app = runApp(passed, `process.on("SIGTERM", () => say("app", "SIGTERM")); ${SERVER}`);
  await app.line(/sockact: ready/);
  const slow = openRequest(passed.addresses["http"] as string, "/slow");
  slow.on("error", () => {}).end();
  await app.line(/^app: slow/);
  app.kill("SIGTERM");
  await app.line(/draining/);
  app.kill("SIGINT");
  expect(await app.ended).toBe(130);
  expect(app.stdout).not.toContain("app: SIGTERM");
});

test("with SOCKACT_SIGNALS=no, the app's listeners run at once", async () => {
  const passed = await passedSockets({ http: "tcp4" });
  await using app = runApp(passed, `process.on("SIGTERM", () => process.exit(13)); ${SERVER}`, {
    env: { SOCKACT_SIGNALS: "no" },
  });
  await app.line(/sockact: ready/);
  app.kill("SIGTERM");
  expect(await app.ended).toBe(13);
  expect(app.stderr).not.toContain("draining");
});

test("the SIGTERM listeners of an app that does not listen yet run as usual", async () => {
  const passed = await passedSockets({ http: "tcp4" });
  await using app = runApp(
    passed,
    `process.on("SIGTERM", () => process.exit(14)); setInterval(() => {}, 1000); say("app", "starts")`,
  );
  await app.line(/^app: starts/);
  app.kill("SIGTERM");
  expect(await app.ended).toBe(14);
});

test("an app sleeps when it is idle, and its listeners of SIGTERM do not run", async () => {
  const passed = await passedSockets({ http: "tcp4" });
  await using app = runApp(passed, `process.on("SIGTERM", () => say("app", "SIGTERM")); ${SERVER}`, {
    env: { SOCKACT_IDLE_TIMEOUT: "200ms", SOCKACT_IDLE_EXIT_STATUS: "42" },
  });
  await app.line(/sockact: ready/);
  expect((await httpRequest(passed.addresses["http"] as string)).body).toBe("quick");
  expect(await app.ended).toBe(42);
  expect(app.stdout).not.toContain("app: SIGTERM");
});

test("an app loses no request without a socket either, if a service manager waits for messages", async () => {
  const address = await freeAddress("tcp4");
  const [host, port] = address.split(":");
  const code = `process.on("SIGTERM", () => process.exit(15)); ${SERVER.replace("listen(3000)", `listen(${port}, "${host}")`)}`;
  await using app = runSupervised(code);
  await stopUnderWay(address, app);
  expect(await app.ended).toBe(15);
});

describeWith({ root: true, commands: ["unshare"] }, "an app that is process 1, as in a container", () => {
  test("ends at a signal that comes before it listens", async () => {
    const app = [
      process.execPath,
      "--require",
      preload,
      "--eval",
      "console.log('up'); setInterval(() => {}, 9e4)",
    ];
    await using running = startProcess(
      ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", ...app],
      {
        env: { SOCKACT_SIGNALS: "yes" },
      },
    );
    await running.line(/^up$/m);
    const [child] = readFileSync(`/proc/${running.pid}/task/${running.pid}/children`, "utf8").split(" ");
    process.kill(Number(child), "SIGTERM");
    expect(await running.ended).toBe(0);
  });
});
