import process from "node:process";
import { expect, test } from "vitest";
import { describeWith, httpRequest, requestOver } from "@sockact/testkit";
import { appFile, freePort, startApp, type Up } from "./start-app.ts";

describeWith({}, "an app that listens late", () => {
  test("the variables stay until the app listens, and then a waiting client is answered", async () => {
    const { app, early, address } = startApp([process.execPath, appFile("late.mjs")], { PORT: "3000" });
    await using _ = app;
    const { variables } = await app.event<{ variables: string[] }>("up");
    expect(variables).toEqual(expect.arrayContaining(["LISTEN_FDS", "LISTEN_PID"]));
    const answered = requestOver(early);
    app.write("listen");
    expect(await app.event("listening")).toMatchObject({ variables: [] });
    expect((await answered).json()).toMatchObject({ pid: app.pid });
    expect((await httpRequest(address)).status).toBe(200);
    expect(app.stderr).not.toContain("Warning");
  });
});

describeWith({}, "an app with two servers on other ports than the one socket", () => {
  test("the first server gets the socket, the second listens by itself, and a warning has the map that gives the socket to the second", async () => {
    const [port, adminPort] = [await freePort(), await freePort()];
    const { app, address, early } = startApp([process.execPath, appFile("two-ports.mjs")], {
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      LISTEN_FDNAMES: "web",
    });
    await using _ = app;
    expect((await requestOver(early)).body).toBe("app");
    expect((await app.event<Up>("admin")).address.port).toBe(adminPort);
    expect((await httpRequest(`localhost:${adminPort}`)).body).toBe("admin");
    expect((await httpRequest(address)).body).toBe("app");
    await expect(httpRequest(`localhost:${port}`)).rejects.toThrow(/ECONNREFUSED/);
    await app.line(new RegExp(`SOCKACT_MAP=${adminPort}=web`));
  });

  test("SOCKACT_MAP gives the socket to the second server, and nothing warns", async () => {
    const [port, adminPort] = [await freePort(), await freePort()];
    const { app, address, early } = startApp([process.execPath, appFile("two-ports.mjs")], {
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      LISTEN_FDNAMES: "admin",
      SOCKACT_MAP: `${adminPort}=admin`,
    });
    await using _ = app;
    expect((await requestOver(early)).body).toBe("admin");
    expect((await app.event<Up>("app")).address.port).toBe(port);
    expect((await httpRequest(`localhost:${port}`)).body).toBe("app");
    expect((await httpRequest(address)).body).toBe("admin");
    expect(app.stderr).not.toContain("Warning");
  });
});

describeWith({}, "a worker thread that listens", () => {
  test("the thread listens on its own port, and the main thread gets the socket", async () => {
    const workerPort = await freePort();
    const { app, early } = startApp([process.execPath, appFile("worker-threads.mjs")], {
      PORT: "3000",
      WORKER_PORT: String(workerPort),
    });
    await using _ = app;
    expect((await requestOver(early)).body).toBe("main");
    expect((await app.event<Up>("worker")).address.port).toBe(workerPort);
    expect((await httpRequest(`localhost:${workerPort}`)).body).toBe("worker");
    expect(app.stderr).not.toContain("Warning");
  });

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
    expect(app.stderr).toMatch(/^sockact: Nothing in this process .* worker thread, get no socket/m);
  });
});

describeWith({}, "a child process that listens on a port of its own", () => {
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

describeWith({}, "a cluster whose workers close their server at SIGTERM, and do nothing more", () => {
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

describeWith({}, "a process manager that replaces each worker that ends, until it gets SIGTERM", () => {
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

describeWith({}, "a cluster whose primary listens on a port of its own before it has workers", () => {
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
    expect(app.stderr.match(/\[SOCKACT_SECOND_SERVER\]/g), "it is said once").toHaveLength(1);
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
