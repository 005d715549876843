import { once } from "node:events";
import { rmSync } from "node:fs";
import type { Socket } from "node:net";
import { describe, expect, test, vi } from "vitest";
import {
  type AppProcess,
  DEADLINE,
  freeAddress,
  httpRequest,
  type ListenAddress,
  openConnection,
} from "@sockact/testkit";
import { newFile } from "./cluster-app.ts";
import {
  appOnSocket,
  heldClient,
  type LifecycleApp,
  rawClient,
  startApp,
  terminate,
} from "./lifecycle-app.ts";

/** An app that listens on a port of its own, and handles signals. */
async function appOnPort(
  { options, ...more }: LifecycleApp,
  env: Record<string, string> = {},
): Promise<{ app: AppProcess; address: ListenAddress }> {
  const address = await freeAddress("tcp4");
  const port = Number(address.split(":").at(-1));
  const app = await startApp(
    [],
    { ...more, options: { host: "127.0.0.1", port, signals: true, ...options } },
    { env },
  );
  return { app, address };
}

describe.concurrent("stopDelay, on a port of the app's own", () => {
  test("after SIGTERM, new clients are still served, health says 503, and then the process ends", async () => {
    const { app, address } = await appOnPort({ options: { stopDelay: "2s", health: "/healthz" } });
    await using running = app;
    await terminate(running);
    for (let count = 0; count < 5; count++) {
      const { body, headers } = await httpRequest(address);
      expect({ body, connection: headers.connection }).toEqual({ body: "hello", connection: "close" });
    }
    expect(await httpRequest(address, "/healthz")).toMatchObject({ status: 503, body: "stopping" });
    expect(running.stdout).not.toContain("server closed");
    expect(await running.ended).toBe(0);
  });

  test("does not count into drainTimeout", async () => {
    const { app, address } = await appOnPort({ options: { stopDelay: "5s", drainTimeout: "1ms" } });
    await using running = app;
    await using client = await heldClient(running, address);
    await terminate(running);
    await httpRequest(address);
    running.write("answer");
    await client.receives(/done$/);
    expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
  });

  test("a server that does not speak HTTP accepts too", async () => {
    const { app, address } = await appOnPort({ kind: "net", options: { stopDelay: "2s" } });
    await using running = app;
    await terminate(running);
    await using client = await rawClient(address);
    client.send("a message");
    await client.receives(/^a message$/);
    client.socket.end();
    expect(await running.ended).toBe(0);
  });

  test("does not delay the stop of an app whose servers have closed", async () => {
    const { app } = await appOnPort({ input: true, options: { stopDelay: "1h" } });
    await using running = app;
    running.write("close");
    await running.event("close called back");
    running.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });

  test("does not delay a stop by SIGINT", async () => {
    const { app } = await appOnPort({ options: { stopDelay: "1h" } });
    await using running = app;
    await terminate(running, "SIGINT");
    expect(await running.ended).toBe(0);
  });
});

test.concurrent("stopDelay has no effect if a socket was passed, because systemd keeps it open", async () => {
  const { app } = await appOnSocket({}, { env: { SOCKACT_STOP_DELAY: "1h" } });
  await using running = app;
  await terminate(running);
  expect(await running.ended).toBe(0);
});

test.concurrent("before a port of the app's own is closed, the clients in its queue are served", async () => {
  const BLOCK = newFile();
  const { app, address } = await appOnPort({ hooks: ["onEvent that blocks at once"] }, { BLOCK });
  await using running = app;
  await terminate(running);
  const clients = await Promise.all(Array.from({ length: 40 }, () => rawClient(address)));
  for (const client of clients) client.get("/");
  rmSync(BLOCK);
  await Promise.all(clients.map((client) => client.receives(/hello$/)));
  expect(await running.ended).toBe(0);
});

test.concurrent("a port of the app's own closes although new clients keep coming, also without a time limit", async () => {
  const { app, address } = await appOnPort({ options: { drainTimeout: "infinity" } });
  await using running = app;
  await terminate(running);
  const clients: Socket[] = [];
  // Each client waits before its request, so that there is always a newly connected one.
  await vi.waitFor(
    async () => {
      const client = openConnection(address).on("error", () => {});
      clients.push(client);
      await expect(once(client, "connect")).rejects.toThrow(/ECONNREFUSED/);
    },
    { timeout: DEADLINE, interval: 100 },
  );
  expect(await running.ended).toBe(0);
  for (const client of clients) client.destroy();
});

test.concurrent("with `signals`, server.close() drains a port of the app's own", async () => {
  const { app, address } = await appOnPort({ properties: { keepAliveTimeout: 60_000 } });
  await using running = app;
  await using client = await rawClient(address);
  client.get("/");
  await client.receives(/hello$/);
  running.write("close");
  await running.event("close called");
  // Another server may listen there now.
  await expect(once(openConnection(address), "connect")).rejects.toThrow(/ECONNREFUSED/);
  // Node's own close() would have closed the connection.
  client.get("/");
  expect(await client.receives(/hello$/)).toMatch(/^Connection: close\r$/im);
  expect(await running.ended).toBe(0);
});

test.concurrent("stopDelay without `signals` handles the signals too", async () => {
  const { app, address } = await appOnPort({ options: { signals: undefined, stopDelay: "100ms" } });
  await using running = app;
  await terminate(running);
  expect((await httpRequest(address)).headers.connection).toBe("close");
  expect(await running.ended).toBe(0);
});
