// Clients that take their time, or never end what they have begun.
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { ask, HandoverService } from "./reloaded-service.ts";
import type { RawClient } from "./lifecycle-app.ts";

/** More than the buffers of the kernel hold. */
const LARGE = 32 * 1024 * 1024;

/** What each client sends. No one sends more, reads on, or closes its connection. */
const hostile: Record<string, (client: RawClient) => RawClient> = {
  "sends nothing": (client) => client,
  "sends one byte": (client) => client.send("G"),
  "sends half a request head": (client) => client.send("GET / HTTP/1.1\r\nHost: loc"),
  "sends half a request head after an answer": (client) => client.get("/").send("GET / HTTP/1.1\r\nHo"),
  "sends half a body": (client) =>
    client.send("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345"),
  "reads no download": (client) => {
    client.socket.pause();
    return client.get(`/download?bytes=${LARGE}`);
  },
  "pipelines, and reads nothing": (client) => {
    client.socket.pause();
    for (let count = 0; count < 64; count++) client.get(`/download?bytes=${LARGE}`);
    return client;
  },
};

describeWith({ privateSystemd: true, systemd: 253 }, "with slow clients", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());
  const isAlive = (pid: number): boolean => existsSync(systemd.hostPath(`/proc/${pid}`));

  test("a reload does not wait for the connections of the last one, and both go on", async () => {
    await using service = await HandoverService.start(systemd);
    const download = async (): Promise<RawClient> => {
      const client = await service.connect();
      await client.get(`/download?bytes=${LARGE}`, ["Connection: close"]).receives(/\r\n\r\n/);
      client.socket.pause();
      return client;
    };
    const pids = [await service.pid()];
    await using first = await download();
    pids.push(await service.reload());
    await using second = await download();
    pids.push(await service.reload());
    expect(new Set(pids).size).toBe(3);
    // The process in the middle waits for connections of the first one, and accepts none itself.
    for (let count = 0; count < 32; count++) {
      await using fresh = await service.connect();
      expect(await ask(fresh)).toMatchObject({ pid: pids[2] });
    }
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    for (const client of [first, second]) {
      client.socket.resume();
      expect(await client.closed).toBe("end");
    }
    await service.untilGone(pids[0]!);
    await service.untilGone(pids[1]!);
    await using later = await service.connect();
    expect(await ask(later)).toMatchObject({ pid: pids[2] });
  });

  // The timeouts of Node end such a connection after a minute at the earliest.
  describe("a process ends when drainTimeout is over, at a reload and at a stop, if a client", () => {
    const kinds = Object.keys(hostile);
    const addressOf = (kind: string): string => `127.0.0.1:${8000 + kinds.indexOf(kind)}`;
    let services: HandoverService[];
    beforeAll(async () => {
      const units = kinds.map((kind, index) => ({
        name: `app${index}`,
        sockets: { http: { listen: addressOf(kind) } },
        env: { SOCKACT_DRAIN_TIMEOUT: "1s" },
      }));
      services = await HandoverService.startAll(systemd, units);
    });

    test.concurrent.each(kinds)("%s", async (kind) => {
      const service = services[kinds.indexOf(kind)]!;
      const begin = async (): Promise<RawClient> => {
        const client = hostile[kind]!(await service.connect(addressOf(kind)));
        // The app has read what the client has sent when it answers a later one.
        await (await service.idle(addressOf(kind)))[Symbol.asyncDispose]();
        return client;
      };
      const old = await service.pid();
      await using _old = await begin();
      const next = await service.reload();
      expect(next).not.toBe(old);
      await service.untilGone(old);
      await using _next = await begin();
      await systemd.stop(service.unit);
      expect(isAlive(next)).toBe(false);
    });
  });
});
