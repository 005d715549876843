import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  bootPrivateSystemd,
  DEADLINE,
  describeWith,
  type PrivateSystemd,
  randomFrom,
} from "@sockact/testkit";
import { answerOf, type Facts, factsOf, HandoverService } from "./reloaded-service.ts";
import type { RawClient } from "./lifecycle-app.ts";

const CLIENTS = 24;
const RELOADS = 12;
const random = randomFrom(17);
/** The memory of two processes that do the same differs by when they last collected garbage. */
const MEMORY_MARGIN = 1.5;

/** A request that a client sends in one of several ways. */
interface Request {
  /** What the client writes, one write after the other. */
  writes: readonly string[];
  /** How many responses it gets. */
  responses: number;
}

let lastId = 0;

function nextRequest(more: readonly string[] = []): Request & { url: string } {
  const url = `/${++lastId}`;
  const get = `${[`GET ${url} HTTP/1.1`, "Host: localhost", ...more].join("\r\n")}\r\n\r\n`;
  const at = Math.floor(random() * get.length);
  const ways: Request[] = [
    { writes: [get], responses: 1 },
    { writes: [get], responses: 1 },
    { writes: [get.slice(0, at), get.slice(at)], responses: 1 },
    { writes: ["\r\n", get], responses: 1 },
    { writes: [get + get], responses: 2 },
    { writes: [get.replace("Host", "Content-Length: 5\r\nHost"), "12345"], responses: 1 },
  ];
  // A client that asks to close gets only one response.
  const way = ways[Math.floor(random() * (more.length > 0 ? 3 : ways.length))] as Request;
  return { ...way, url };
}

/**
 * Sends a request, with pauses at random, and checks each response. Resolves with the processes that have
 * answered.
 */
async function askAtRandom(client: RawClient, more: readonly string[] = []): Promise<number[]> {
  const { writes, responses, url } = nextRequest(more);
  for (const write of writes) {
    client.send(write);
    if (random() < 0.5) await delay(random() * 3);
  }
  let text = "";
  for (let count = 0; count < responses; count = text.split("}}").length - 1)
    text += await client.receives(/\}\}$/);
  const answers = text.split(/(?=HTTP\/1\.1 )/).map(answerOf);
  expect(answers.map((answer) => answer.url)).toEqual(Array.from({ length: responses }, () => url));
  return answers.map(({ pid }) => pid);
}

describeWith(
  { privateSystemd: true, systemd: 253, tags: "campaign" },
  `while the service is reloaded ${RELOADS} times`,
  () => {
    let systemd: PrivateSystemd;
    let service: HandoverService;
    beforeAll(async () => {
      systemd = await bootPrivateSystemd();
      service = await HandoverService.start(systemd);
    });
    afterAll(async () => systemd?.close());

    /**
     * Runs clients during the reloads, and `reload` for each. Resolves with the processes that have answered.
     */
    async function during(
      client: (isOver: () => boolean) => Promise<number[]>,
      reload: () => Promise<unknown> = () => service.reload(),
    ): Promise<Set<number>> {
      let isOver = false;
      const clients = Promise.all(Array.from({ length: CLIENTS }, async () => client(() => isOver)));
      const reloads = (async () => {
        for (let count = 0; count < RELOADS; count++) await reload();
      })();
      await Promise.race([reloads, clients]);
      isOver = true;
      await reloads;
      return new Set((await clients).flat());
    }

    /** Sends at random moments over one connection. */
    async function keepAsking(isOver: () => boolean): Promise<number[]> {
      const all: number[] = [];
      await using client = await service.connect();
      while (!isOver()) {
        all.push(...(await askAtRandom(client)));
        if (random() < 0.7) await delay(random() * 8);
      }
      all.push(...(await askAtRandom(client)));
      return all;
    }

    test(
      "clients that send at random moments, in pieces, keep their connections and get each response",
      { timeout: 300_000 },
      async () => {
        const pids = await during(keepAsking);
        expect(pids.size).toBe(RELOADS + 1);
      },
    );

    test("clients with Connection: close get each response, and no reset", { timeout: 300_000 }, async () => {
      await during(async (isOver) => {
        const all: number[] = [];
        while (!isOver()) {
          await using client = await service.connect();
          all.push(...(await askAtRandom(client, ["Connection: close"])));
          expect(await client.closed).toBe("end");
        }
        return all;
      });
    });

    test(
      "the service has the descriptors, processes and memory that it has after one reload",
      { timeout: 300_000 },
      async () => {
        let first: Facts | undefined;
        await during(keepAsking, async () => {
          const before = await service.pid();
          await service.reload();
          await service.untilGone(before);
          first ??= await factsOf(service);
          const { memory: atFirst, ...afterOne } = first;
          let memory = 0;
          // The new process may not have closed its channel to the old one yet.
          const look = async (): Promise<object> => {
            const { memory: now, ...facts } = await factsOf(service);
            memory = now;
            return facts;
          };
          await expect.poll(look, { timeout: DEADLINE }).toEqual(afterOne);
          expect(memory / atFirst).toBeLessThan(MEMORY_MARGIN);
        });
      },
    );
  },
);
