import { EventEmitter, once } from "node:events";
import { type ClientHttp2Session, connect, constants, createServer } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { goAwayWhenIdle, rememberSessions, sessionOf } from "./http2-sessions.ts";

async function get(session: ClientHttp2Session, path: string): Promise<string> {
  const stream = session.request({ ":path": path }).setEncoding("utf8");
  return (await stream.toArray()).join("");
}

test("GOAWAY waits until no request is under way: further requests are answered", async () => {
  const release = new EventEmitter();
  const server = createServer((request, response) => {
    if (request.url === "/held") release.once("held", () => response.end("done"));
    else response.end("hello");
  });
  rememberSessions(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const connection = once(server, "connection") as Promise<[Socket]>;
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const goAways: [code: number, last: number][] = [];
  client.on("goaway", (code: number, last: number) => goAways.push([code, last]));
  const isHeld = once(server, "request");
  const held = get(client, "/held");
  await isHeld;
  const session = sessionOf((await connection)[0])!;
  goAwayWhenIdle(session, Infinity);
  expect(await get(client, "/")).toBe("hello");
  goAwayWhenIdle(session, Infinity);
  expect(await get(client, "/")).toBe("hello");
  expect(goAways).toEqual([]);
  const hasGone = once(client, "goaway");
  release.emit("held");
  expect(await held).toBe("done");
  await hasGone;
  expect(goAways).toEqual([[constants.NGHTTP2_NO_ERROR, 5]]);
});
