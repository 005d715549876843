import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { expect, onTestFinished, test } from "vitest";
import {
  type AppProcess,
  closeAll,
  describeOnNode,
  describeWith,
  freeAddress,
  httpRequest,
  openConnection,
  portOf,
  preloading,
  rawSocket,
  requestOver,
  startWithFds,
} from "@sockact/testkit";
import { appFile, PRELOAD } from "./preload.ts";

interface Up {
  pid: number;
  address: { port: number };
}

const portIn = (address: string): number => Number(address.split(":").at(-1));
const freePort = async (): Promise<number> => portIn(await freeAddress("tcp4"));

/** Starts a command with a socket, and a client that has connected before. */
function start(
  command: readonly string[],
  env: Record<string, string>,
  cwd = process.cwd(),
): { app: AppProcess; address: string; port: number; early: ReturnType<typeof openConnection> } {
  const socket = rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true });
  const port = portOf(socket);
  const address = `127.0.0.1:${port}`;
  const early = openConnection(address).on("error", () => {});
  const app = startWithFds([socket], command, { env: { ...preloading(PRELOAD), ...env }, cwd });
  closeAll([socket]);
  return { app, address, port, early };
}

/** How often a code of ours is in what a process wrote to standard error. */
const count = ({ stderr }: AppProcess, code: string): number =>
  stderr.match(new RegExp(`\\[${code}\\]`, "g"))?.length ?? 0;

/** The folder of an app whose package.json has a script that starts it. */
function appFolder(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), "sockact-app-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "app", version: "1.0.0", scripts: { start: script } }),
  );
  return folder;
}

const server = appFile("server.mjs");

describeWith({}, "a launcher between the service manager and the app", () => {
  const lost = async (command: readonly string[], cwd?: string): Promise<void> => {
    const port = await freePort();
    const { app, early } = start(command, { PORT: String(port) }, cwd);
    await using _ = app;
    const up = await app.event<Up>("listening");
    expect(up.pid, "it is a child of the process that systemd has started").not.toBe(app.pid);
    expect(up.address.port, "it listens by itself").toBe(port);
    await app.line(/SOCKACT_LAUNCHER/);
    expect((await httpRequest(`localhost:${port}`)).json()).toMatchObject({ pid: up.pid });
    expect(count(app, "SOCKACT_LAUNCHER"), "it is said once, and by the app alone").toBe(1);
    early.destroy();
    app.endInput();
    expect(await app.ended).toBe(0);
  };

  test("npm start: npm takes nothing, and the app says that the launcher has the socket", async () => {
    await lost(["npm", "start"], appFolder(`node ${JSON.stringify(server)}`));
  });

  test("a shell that runs more than the app: the same", async () => {
    await lost(["sh", "-c", `${process.execPath} ${server}; :`]);
  });

  test("a supervisor that sets no LISTEN_PID, with SOCKACT_TRUST_PARENT=1: the app gets the socket", async () => {
    const { app, early, port } = start(["sh", "-c", `unset LISTEN_PID; ${process.execPath} ${server}; :`], {
      PORT: "3000",
      SOCKACT_TRUST_PARENT: "1",
    });
    await using _ = app;
    const up = await app.event<Up>("listening");
    expect(up.address.port).toBe(port);
    expect((await requestOver(early)).json()).toMatchObject({ pid: up.pid });
    expect(app.stderr).not.toContain("Warning");
    early.destroy();
    app.endInput();
    expect(await app.ended).toBe(0);
  });

  test("a shell that becomes the app: the app gets the socket", async () => {
    const { app, early } = start(["sh", "-c", `exec ${process.execPath} ${server}`], { PORT: "3000" });
    await using _ = app;
    expect((await requestOver(early)).json()).toMatchObject({ pid: app.pid });
    expect(app.stderr).not.toContain("Warning");
  });

  if (process.env["SOCKACT_LONG"]) {
    test("npm exec: the same as npm start", async () => {
      const command = `node ${JSON.stringify(server)}`;
      await lost(["npm", "exec", "--offline", "--call", command], appFolder(command));
    });

    describeOnNode(22, "node --run", () => {
      test("the same as npm start", async () => {
        await lost([process.execPath, "--run", "start"], appFolder(`node ${JSON.stringify(server)}`));
      });
    });
  }
});

describeWith({}, "an app that listens late", () => {
  test("the variables stay until it listens, then they are gone, and who waits is answered", async () => {
    const { app, early, address } = start([process.execPath, appFile("late.mjs")], { PORT: "3000" });
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
  test("the first has the socket, the second listens by itself, and a warning has the map for the other way round", async () => {
    const [port, adminPort] = [await freePort(), await freePort()];
    const { app, address, early } = start([process.execPath, appFile("two-ports.mjs")], {
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

  test("SOCKACT_MAP gives the socket to the second, and no warning is left", async () => {
    const [port, adminPort] = [await freePort(), await freePort()];
    const { app, address, early } = start([process.execPath, appFile("two-ports.mjs")], {
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
  test("it gets its own port, and the main thread the socket", async () => {
    const workerPort = await freePort();
    const { app, early } = start([process.execPath, appFile("worker-threads.mjs")], {
      PORT: "3000",
      WORKER_PORT: String(workerPort),
    });
    await using _ = app;
    expect((await requestOver(early)).body).toBe("main");
    expect((await app.event<Up>("worker")).address.port).toBe(workerPort);
    expect((await httpRequest(`localhost:${workerPort}`)).body).toBe("worker");
    expect(app.stderr).not.toContain("Warning");
  });

  test("it is the only server: it listens by itself, and it is said that a worker thread gets no socket", async () => {
    const workerPort = await freePort();
    const { app } = start([process.execPath, appFile("worker-threads.mjs")], {
      WORKER_PORT: String(workerPort),
      WORKER_ONLY: "1",
    });
    await using _ = app;
    expect((await app.event<Up>("worker")).address.port).toBe(workerPort);
    expect((await httpRequest(`localhost:${workerPort}`)).body).toBe("worker");
    app.endInput();
    expect(await app.ended).toBe(0);
    expect(app.stderr).toMatch(/^sockact: Nothing in this process serves .* worker thread, get no socket/m);
  });
});

describeWith({}, "a child process that listens on a port of its own", () => {
  test.each(["before", "after"])(
    "started %s the app listens: the app gets the socket, the child its port",
    async (when) => {
      const childPort = await freePort();
      const { app, early, address } = start([process.execPath, appFile("children.mjs")], {
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
    // What waits for a worker that does not end waits for longer than a test may take.
    const { app, early, address } = start([process.execPath, appFile("closing-cluster.mjs")], {
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

describeWith({}, "a cluster whose primary listens on a port of its own before it has workers", () => {
  test("the primary has the only socket, and a warning of the worker has the map", async () => {
    const [port, adminPort] = [await freePort(), await freePort()];
    const { app, early } = start([process.execPath, appFile("primary-listens.mjs")], {
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      LISTEN_FDNAMES: "web",
    });
    await using _ = app;
    expect((await requestOver(early)).body).toBe("primary");
    expect((await app.event<Up>("worker")).address.port).toBe(port);
    await app.line(new RegExp(`SOCKACT_MAP=${port}=web`));
    expect(count(app, "SOCKACT_SECOND_SERVER")).toBe(1);
  });

  test("with the map, the workers have the socket, and the primary its port", async () => {
    const [port, adminPort] = [await freePort(), await freePort()];
    const { app, early } = start([process.execPath, appFile("primary-listens.mjs")], {
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
