import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { ask, HandoverService, type HandoverServer } from "./reloaded-service.ts";

/** A server for each test, on a port of its own. */
const servers = {
  headers: {
    serverOptions: { headersTimeout: 500, connectionsCheckingInterval: 100 },
    properties: { keepAliveTimeout: 65_000 },
  },
  short: { properties: { keepAliveTimeout: 2000 } },
  none: { properties: { keepAliveTimeout: 0 } },
  long: { properties: { keepAliveTimeout: 65_000 } },
  timeout: { properties: { timeout: 500, keepAliveTimeout: 0 } },
  two: { properties: { maxConnections: 2 } },
  one: { properties: { maxConnections: 1 } },
  requests: { properties: { maxRequestsPerSocket: 3 } },
  express: { kind: "express", serverOptions: { keepAlive: true } },
  late: {
    serverOptions: { headersTimeout: 400, requestTimeout: 500, connectionsCheckingInterval: 100 },
    properties: { keepAliveTimeout: 0 },
  },
} satisfies Record<string, HandoverServer>;
const names = Object.keys(servers);
const portOf = (name: string): number => 80 + names.indexOf(name);
const at = (name: keyof typeof servers): string => `127.0.0.1:${portOf(name)}`;

describeWith({ privateSystemd: true, systemd: 253 }, "an idle connection that has moved", () => {
  let systemd: PrivateSystemd;
  let service: HandoverService;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    service = await HandoverService.start(systemd, {
      sockets: Object.fromEntries(names.map((name) => [name, `ListenStream=127.0.0.1:${portOf(name)}`])),
      servers: Object.entries(servers).map(([name, server]) => ({ ...server, options: { name } })),
    });
  });
  afterAll(async () => systemd?.close());

  /** Reloads. Resolves with the new process when it has all connections. */
  async function reload(): Promise<number> {
    const before = await service.pid();
    const pid = await service.reload();
    await service.untilGone(before);
    return pid;
  }

  test("is not hit by headersTimeout, which hits one that then sends half a request", async () => {
    await using waiting = await service.idle(at("headers"));
    await using half = await service.idle(at("headers"));
    const pid = await reload();
    half.send("GET / HTTP/1.1\r\n");
    expect(await half.receives(/\r\n\r\n$/)).toMatch(/^HTTP\/1\.1 408 /);
    expect(await half.closed).toBe("end");
    expect(await ask(waiting)).toMatchObject({ pid });
  });

  test("closes after keepAliveTimeout, with or without a request since; others stay open without one, or with a long one", async () => {
    await using silent = await service.idle(at("short"));
    await using active = await service.idle(at("short"));
    await using none = await service.idle(at("none"));
    await using long = await service.idle(at("long"));
    // Its server has a requestTimeout.
    await using late = await service.idle(at("late"));
    const pid = await reload();
    expect(await ask(active)).toMatchObject({ pid });
    for (const client of [silent, active]) {
      expect(await client.closed).toBe("end");
      expect(client.received).toBe("");
    }
    for (const client of [none, long, late]) {
      expect(client.received).toBe("");
      expect(await ask(client)).toMatchObject({ pid });
    }
  });

  test("closes after the timeout of the server", async () => {
    await using client = await service.idle(at("timeout"));
    await reload();
    expect(await client.closed).toBe("end");
    expect(client.received).toBe("");
  });

  test("counts for maxConnections, but is never dropped", async () => {
    await using first = await service.idle(at("two"));
    await using second = await service.idle(at("two"));
    const pid = await reload();
    expect(await ask(first)).toMatchObject({ pid, facts: { connections: 2 } });
    await using third = await service.connect(at("two"));
    expect(await third.closed).toBe("end");
    expect(await ask(second)).toMatchObject({ pid });
  });

  test("is not dropped if maxConnections is reached already", async () => {
    await using busy = await service.connect(at("one"));
    busy.send("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n");
    const before = await service.pid();
    const pid = await service.reload();
    await using other = await service.idle(at("one"));
    await busy.send("12345").receives(/\}$/);
    await service.untilGone(before);
    expect(await ask(busy)).toMatchObject({ pid, facts: { connections: 2 } });
    expect(await ask(other)).toMatchObject({ pid });
  });

  test("may make maxRequestsPerSocket requests to each process", async () => {
    await using client = await service.idle(at("requests"));
    await ask(client);
    const pid = await reload();
    for (const requests of [1, 2]) expect(await ask(client)).toMatchObject({ pid, facts: { requests } });
    expect(await client.get("/").receives(/\}$/)).toContain("Connection: close");
  });

  test("has the addresses and the socket options of an accepted connection", async () => {
    await using client = await service.idle(at("express"));
    const pid = await reload();
    const { localPort } = client.socket;
    expect(await ask(client)).toMatchObject({
      pid,
      facts: {
        ip: "127.0.0.1",
        remoteAddress: "127.0.0.1",
        remotePort: localPort,
        localPort: portOf("express"),
      },
    });
    const command = ["ss", "-Htno", "state", "established", "dport", "=", `:${localPort}`];
    expect(await systemd.mustRun(command)).toContain("timer:(keepalive,");
  });
});
