import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { answerOf, ask, HandoverService } from "./reloaded-service.ts";
import { type RawClient, sha256 } from "./lifecycle-app.ts";

/** More than the kernel keeps for a client that does not read. */
const LARGE = 24 * 2 ** 20;
const line = Buffer.from(Array.from({ length: 8192 }, (_, index) => `${index};`).join(""));
const body = Buffer.alloc(LARGE, line).toString("latin1");

describeWith(
  { privateSystemd: true, systemd: 253 },
  "an HTTP/1 connection, when the service is reloaded",
  () => {
    let systemd: PrivateSystemd;
    let service: HandoverService;
    beforeAll(async () => {
      systemd = await bootPrivateSystemd();
      service = await HandoverService.start(systemd);
    });
    afterAll(async () => systemd?.close());

    /** Reloads when the app has read what these clients have sent. Then another client, which comes later, has its answer. */
    async function reload(): Promise<{ before: number; after: number }> {
      await using later = await service.connect();
      const { pid: before } = await ask(later);
      return { before, after: await service.reload() };
    }

    test("stays open if it is idle, and the new process answers", async () => {
      await using client = await service.idle();
      const { before, after } = await reload();
      expect(after).not.toBe(before);
      expect(await ask(client)).toMatchObject({ pid: after, facts: { requests: 1 } });
      await service.untilGone(before);
      expect(await ask(client)).toMatchObject({ pid: after, facts: { requests: 2 } });
    });

    test("stays open if the client has not sent a byte yet", async () => {
      await using client = await service.connect();
      const { before, after } = await reload();
      await service.untilGone(before);
      expect(await ask(client)).toMatchObject({ pid: after, facts: { requests: 1 } });
    });

    test.each([
      ["half of its request line", "GET /half HT", "TP/1.1\r\nHost: localhost\r\n\r\n"],
      ["one byte", "G", "ET /half HTTP/1.1\r\nHost: localhost\r\n\r\n"],
      ["all but the last byte", "GET /half HTTP/1.1\r\nHost: localhost\r\n\r", "\n"],
    ])(
      "gets its answer from the old process if the client has sent %s, and then moves",
      async (_, start, rest) => {
        for (const client of [await service.connect(), await service.idle()]) {
          await using half = client.send(start);
          const { before, after } = await reload();
          expect(answerOf(await half.send(rest).receives(/\}$/))).toMatchObject({
            pid: before,
            url: "/half",
          });
          await service.untilGone(before);
          expect(await ask(half)).toMatchObject({ pid: after });
        }
      },
    );

    test("moves when an upload is complete, and each byte has arrived", async () => {
      await using client = await service.connect();
      client.send(`POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${LARGE}\r\n\r\n`);
      client.send(body.slice(0, LARGE / 2));
      const { before, after } = await reload();
      client.send(body.slice(LARGE / 2));
      const text = await client.receives(/\}$/);
      const expected = { pid: before, bytes: LARGE, sha256: sha256(Buffer.from(body, "latin1")) };
      expect(JSON.parse(text.slice(text.indexOf("{")))).toEqual(expected);
      await service.untilGone(before);
      expect(await ask(client)).toMatchObject({ pid: after });
    });

    test("moves when an upload is complete that was answered before its end", async () => {
      await using client = await service.connect();
      client.send("POST /early HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345");
      await client.receives(/"early":true\}$/);
      const { before, after } = await reload();
      client.send("67890GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n");
      expect(answerOf(await client.receives(/\}$/))).toMatchObject({ pid: before, url: "/next" });
      await service.untilGone(before);
      expect(await ask(client)).toMatchObject({ pid: after });
    });

    test.each(["download", "buffered"])(
      "moves when a slow client has read the whole response (%s), and no byte is lost",
      async (route) => {
        await using client = await service.connect();
        client.get(`/${route}?bytes=${LARGE}`);
        const first = await client.receives(/\r\n\r\n/);
        client.socket.pause();
        const { before, after } = await reload();
        // Others have moved long ago.
        await using other = await service.idle();
        expect(await ask(other)).toMatchObject({ pid: after });
        client.socket.resume();
        const [head, rest] = split(await receiveAll(client, first));
        expect(head).toContain(`x-pid: ${before}`);
        expect(rest === body).toBe(true);
        await service.untilGone(before);
        expect(await ask(client)).toMatchObject({ pid: after });
      },
    );

    test("has all answers of pipelined requests, in their order, from the old process, and then moves", async () => {
      await using client = await service.connect();
      client.get(`/download?bytes=${LARGE}`).get("/second").get("/third");
      const first = await client.receives(/\r\n\r\n/);
      client.socket.pause();
      const { before, after } = await reload();
      client.socket.resume();
      const text = await receiveUntil(client, first, (chunk) => /"url":"\/third".*\}$/.test(chunk));
      const [, rest] = split(text);
      expect(rest.slice(0, LARGE) === body).toBe(true);
      const [second, third] = rest.slice(LARGE).split(/(?=HTTP\/1\.1 )/) as [string, string];
      expect(answerOf(second)).toMatchObject({ pid: before, url: "/second", facts: { requests: 2 } });
      expect(answerOf(third)).toMatchObject({ pid: before, url: "/third", facts: { requests: 3 } });
      await service.untilGone(before);
      expect(await ask(client)).toMatchObject({ pid: after });
    });

    test("moves when a request with Expect: 100-continue is answered", async () => {
      await using client = await service.connect();
      const head =
        "POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
      await client.send(head).receives(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
      const { before, after } = await reload();
      expect(await client.send("12345").receives(/\}$/)).toContain(`{"pid":${before},"bytes":5`);
      await service.untilGone(before);
      await client.send(head).receives(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
      expect(await client.send("12345").receives(/\}$/)).toContain(`{"pid":${after},"bytes":5`);
    });

    test.each([
      ["Connection: close", "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"],
      ["HTTP/1.0", "GET / HTTP/1.0\r\n\r\n"],
    ])("closes after its answer with %s, in each of the two processes", async (_, request) => {
      const large = request.replace("/ ", `/download?bytes=${LARGE} `);
      await using busy = await service.connect();
      const first = await busy.send(large).receives(/\r\n\r\n/);
      busy.socket.pause();
      await using moved = await service.idle();
      const { before, after } = await reload();
      busy.socket.resume();
      expect(split(await receiveAll(busy, first))[1] === body).toBe(true);
      expect(await busy.closed).toBe("end");
      await service.untilGone(before);
      expect(await moved.send(request).receives(/\}$/)).toContain(`{"pid":${after},`);
      expect(await moved.closed).toBe("end");
    });

    test("moves between the two bytes of an empty line", async () => {
      await using client = await service.idle();
      client.send("\r");
      const { before, after } = await reload();
      await service.untilGone(before);
      client.send("\n\r\n");
      expect(await ask(client)).toMatchObject({ pid: after });
    });

    test("closes if the client has closed its side", async () => {
      await using early = await service.idle();
      await using late = await service.idle();
      early.socket.end();
      const { before } = await reload();
      late.socket.end();
      expect(await early.closed).toBe("end");
      expect(await late.closed).toBe("end");
      await service.untilGone(before);
    });
  },
);

/** The head of a response, and what follows it. */
function split(text: string): [head: string, rest: string] {
  const end = text.indexOf("\r\n\r\n") + 4;
  return [text.slice(0, end), text.slice(end)];
}

/** Receives the rest of a response with LARGE bytes, of which this has come already. */
function receiveAll(client: RawClient, first: string): Promise<string> {
  let left = split(first)[0].length + LARGE - first.length;
  return receiveUntil(client, first, ({ length }) => (left -= length) <= 0);
}

/** @param isLast called with each chunk */
async function receiveUntil(
  client: RawClient,
  first: string,
  isLast: (chunk: string) => boolean,
): Promise<string> {
  const chunks = [first];
  do chunks.push(await client.receives(/./s));
  while (!isLast(chunks.at(-1) as string));
  return chunks.join("");
}
