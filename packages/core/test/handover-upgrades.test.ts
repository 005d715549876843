import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  bootPrivateSystemd,
  connectInside,
  DEADLINE,
  describeWith,
  isLongRun,
  type PrivateSystemd,
} from "@sockact/testkit";
import { WebSocket } from "ws";
import { HandoverService } from "./reloaded-service.ts";

const WEB_SOCKETS = "127.0.0.1:80";
const OTHER = "127.0.0.1:81";
const UPGRADE = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n";
const CLIENTS = 16;
const RELOADS = isLongRun ? 30 : 4;

describeWith(
  { privateSystemd: true, systemd: 253 },
  "an upgraded connection, when the service is reloaded",
  () => {
    let systemd: PrivateSystemd;
    let service: HandoverService;
    beforeAll(async () => {
      systemd = await bootPrivateSystemd();
      service = await HandoverService.start(systemd, {
        sockets: { ws: `ListenStream=${WEB_SOCKETS}`, other: `ListenStream=${OTHER}` },
        servers: [
          { webSockets: true, options: { name: "ws" } },
          { upgrades: true, options: { name: "other" } },
        ],
      });
    });
    afterAll(async () => systemd?.close());

    async function open(): Promise<{ socket: WebSocket; closed: Promise<number> }> {
      const socket = new WebSocket("ws://localhost/", {
        createConnection: () => connectInside(systemd, WEB_SOCKETS),
      });
      const closed = new Promise<number>((resolve) => socket.on("close", resolve));
      await once(socket, "open", { signal: AbortSignal.timeout(DEADLINE) });
      return { socket, closed };
    }

    test(`WebSockets get close code 1001, and connect to the new process (${RELOADS} reloads)`, async () => {
      let last: string | undefined;
      const pids = new Set<string>();
      const codes: number[] = [];
      const wrong: string[] = [];
      const run = async (id: number): Promise<void> => {
        let { socket, closed } = await open();
        let lastAnswer: string | undefined;
        for (let count = 0; last === undefined || lastAnswer !== last; count++) {
          const echo = new Promise<string>((resolve) =>
            socket.once("message", (data: Buffer) => resolve(data.toString())),
          );
          socket.send(`${id}/${count}`);
          const answer = await Promise.race([echo, closed]);
          // A message that meets the close frame has no echo.
          if (typeof answer === "number") {
            codes.push(answer);
            ({ socket, closed } = await open());
          } else {
            const [pid, text] = answer.split(" ") as [string, string];
            pids.add((lastAnswer = pid));
            if (text !== `${id}/${count}`) wrong.push(text);
          }
        }
        socket.close();
      };
      const clients = Promise.all(Array.from({ length: CLIENTS }, (_, id) => run(id)));
      const reloads = (async () => {
        for (let count = 0; count < RELOADS; count++) {
          const before = await service.pid();
          await service.reload();
          await service.untilGone(before);
        }
        last = String(await service.pid());
      })();
      await Promise.all([clients, reloads]);
      expect(wrong).toEqual([]);
      expect(new Set(codes)).toEqual(new Set([1001]));
      expect(codes.length).toBe(CLIENTS * RELOADS);
      expect(pids.size).toBe(RELOADS + 1);
    });

    test("another protocol ends by onDrainUpgraded, and the next connection reaches the new process", async () => {
      await using client = await service.connect(OTHER);
      await client.send(UPGRADE).receives(/^HTTP\/1\.1 101 [^]*\r\n\r\n$/);
      const before = await service.pid();
      await client.send("one\n").receives(new RegExp(`^${before} one\n$`));
      const after = await service.reload();
      await client.receives(/^bye\n$/);
      expect(await client.closed).toBe("end");
      await service.untilGone(before);
      await using next = await service.connect(OTHER);
      await next.send(UPGRADE).receives(/^HTTP\/1\.1 101 [^]*\r\n\r\n$/);
      await next.send("two\n").receives(new RegExp(`^${after} two\n$`));
    });
  },
);
