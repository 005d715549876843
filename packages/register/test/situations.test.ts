import process from "node:process";
import { describe, expect, test } from "vitest";
import { httpRequest, requestOver } from "@sockact/testkit";
import { appFile, freePort, startApp, type Up } from "./start-app.ts";

describe.concurrent("a worker thread that listens", () => {
  test("the thread has the only server, listens by itself, and a message says that a worker thread gets no socket", async () => {
    const workerPort = await freePort();
    const { app } = startApp([process.execPath, appFile("worker-threads.mjs")], {
      WORKER_PORT: String(workerPort),
      WORKER_ONLY: "1",
    });
    await using _ = app;
    expect((await app.event<Up>("worker")).address.port).toBe(workerPort);
    expect((await httpRequest(`localhost:${workerPort}`)).body).toBe("worker");
    app.endInput();
    expect(await app.ended).toBe(0);
    // It comes at the end, or after ten seconds. Then the advice has a line of its own.
    expect(app.stderr).toMatch(/Nothing in this process [^]* worker thread, get no socket/);
  });
});

describe.concurrent("a child process that listens on a port of its own", () => {
  test.each(["before", "after"])(
    "started %s the app listens: the app gets the socket, and the child its own port",
    async (when) => {
      const childPort = await freePort();
      const { app, early, address } = startApp([process.execPath, appFile("children.mjs")], {
        PORT: "3000",
        CHILD_PORT: String(childPort),
        WHEN: when,
      });
      await using _ = app;
      expect((await requestOver(early)).json()).toMatchObject({ pid: app.pid });
      const child = await app.event<Up>("child");
      expect(child.address.port).toBe(childPort);
      expect((await httpRequest(`localhost:${childPort}`)).json()).toMatchObject({ pid: child.pid });
      expect((await httpRequest(address)).json()).toMatchObject({ pid: app.pid });
    },
  );
});

describe.concurrent("a cluster whose workers close their server at SIGTERM, and do nothing more", () => {
  test("the workers end, and then the primary", async () => {
    // If a worker did not end, the primary would wait for longer than a test may take.
    const { app, early, address } = startApp([process.execPath, appFile("closing-cluster.mjs")], {
      PORT: "3000",
      SOCKACT_DRAIN_TIMEOUT: "60s",
    });
    await using _ = app;
    for (let count = 0; count < 2; count++) await app.event("worker");
    expect((await requestOver(early)).status).toBe(200);
    expect((await httpRequest(address)).status).toBe(200);
    early.destroy();
    app.kill("SIGTERM");
    expect(await app.ended).toBe(0);
    for (let count = 0; count < 2; count++)
      expect(await app.event("exit")).toMatchObject({ code: 0, signal: null });
  });
});

describe.concurrent("a process manager that replaces each worker that ends, until it gets SIGTERM", () => {
  test.each(["exits when its last worker has", "exits later"])("%s", async (how) => {
    const { app, early } = startApp([process.execPath, appFile("manager.mjs")], {
      PORT: "3000",
      ...(how === "exits later" && { LATER: "1" }),
    });
    await using _ = app;
    expect((await requestOver(early)).status).toBe(200);
    early.destroy();
    await app.line(/sockact: ready/);
    app.kill("SIGTERM");
    expect(await app.ended).toBe(7);
  });
});

describe.concurrent("a cluster whose primary listens on a port of its own before it has workers", () => {
  test("the primary gets the only socket, and a warning of the worker has the map", async () => {
    const [port, adminPort] = [await freePort(), await freePort()];
    const { app, early } = startApp([process.execPath, appFile("primary-listens.mjs")], {
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      LISTEN_FDNAMES: "web",
    });
    await using _ = app;
    expect((await requestOver(early)).body).toBe("primary");
    expect((await app.event<Up>("worker")).address.port).toBe(port);
    await app.line(new RegExp(`SOCKACT_MAP=${port}=web`));
    expect(app.stderr.match(/\[SOCKACT_WARN_SECOND_SERVER\]/g), "it is said once").toHaveLength(1);
  });

  test("the workers get the socket, and the primary listens on its own port, if it forks first", async () => {
    const [port, adminPort] = [await freePort(), await freePort()];
    const { app, early } = startApp([process.execPath, appFile("primary-listens.mjs")], {
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      FORKS_FIRST: "1",
    });
    await using _ = app;
    expect((await app.event<Up>("primary")).address.port).toBe(adminPort);
    expect((await requestOver(early)).body).toBe("worker");
    expect((await httpRequest(`localhost:${adminPort}`)).body).toBe("primary");
    expect(app.stderr).not.toContain("Warning");
  });

  test("with the map, the workers get the socket, and the primary listens on its own port", async () => {
    const [port, adminPort] = [await freePort(), await freePort()];
    const { app, early } = startApp([process.execPath, appFile("primary-listens.mjs")], {
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      LISTEN_FDNAMES: "web",
      SOCKACT_MAP: `${port}=web`,
    });
    await using _ = app;
    expect((await requestOver(early)).body).toBe("worker");
    expect((await app.event<Up>("primary")).address.port).toBe(adminPort);
    expect((await httpRequest(`localhost:${adminPort}`)).body).toBe("primary");
    expect(app.stderr).not.toContain("Warning");
  });
});
