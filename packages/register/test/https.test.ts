import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import process from "node:process";
import { describe, expect, test } from "vitest";
import {
  type AddressKind,
  certificateOf,
  DEADLINE,
  freeAddress,
  httpRequest,
  openConnection,
  openSecurely,
  preloading,
  requestOver,
  secureConnection,
  socketActivate,
  webSocketAnswer,
} from "@sockact/testkit";
import { preload } from "./run-app.ts";
import { appFile } from "./start-app.ts";

const { key, cert } = certificateOf("localhost");

interface Cell {
  title: string;
  /** The folder of the app. */
  folder: string;
  framework: string;
  /** Whether the https server of the app answers HTTP/2. */
  http2: boolean;
  kind: AddressKind;
}

const current: Cell[] = [
  { title: "Express 5", folder: "express", framework: "express", http2: false, kind: "tcp4" },
  { title: "Koa 3", folder: "koa", framework: "koa", http2: true, kind: "unix" },
  { title: "Fastify 5", folder: "fastify", framework: "fastify", http2: true, kind: "tcp4" },
];
const earlier: Cell[] = [
  { title: "Express 4", folder: "express", framework: "express4", http2: false, kind: "unix" },
  { title: "Koa 2", folder: "koa", framework: "koa2", http2: true, kind: "tcp4" },
  { title: "Fastify 4", folder: "fastify", framework: "fastify4", http2: true, kind: "unix" },
];

describe("http and https by the map: each port gets the sockets of its name, with the app's own TLS, and both are drained", () => {
  test.each(current)("$title, over $kind", isServed);
  test.each(earlier)("$title, over $kind", { tags: "campaign" }, isServed);
});

async function isServed({ folder, framework, http2, kind }: Cell): Promise<void> {
  // In this order, neither the first socket nor the last one belongs to the first server.
  const names = ["https", "http", "https"];
  const addresses = await Promise.all(names.map(() => freeAddress(kind)));
  await using app = await socketActivate(addresses, [process.execPath, appFile(`${folder}/https.mjs`)], {
    names,
    env: {
      ...preloading(preload),
      FRAMEWORK: framework,
      SOCKACT_MAP: "8080=http,8443=https",
      KEY: key,
      CERT: cert,
    },
  });
  const [secure, plain, alsoSecure] = addresses as [string, string, string];
  expect((await httpRequest(plain, "/protocol")).json()).toEqual({ secure: false, httpVersion: "1.1" });
  expect(await webSocketAnswer(() => openConnection(plain), "hello")).toBe("hello");
  const connection = await secureConnection(secure);
  expect((await requestOver(connection, "/protocol")).json()).toEqual({
    secure: true,
    httpVersion: "1.1",
  });
  expect(await webSocketAnswer(() => openSecurely(alsoSecure), "hello")).toBe("hello");
  const second = await secureConnection(alsoSecure, ["h2", "http/1.1"]);
  expect(second.alpnProtocol).toBe(http2 ? "h2" : "http/1.1");
  const session = http2 ? connectHttp2("https://localhost", { createConnection: () => second }) : undefined;
  expect(await protocolOver(session)).toEqual(session && { secure: true, httpVersion: "2.0" });
  if (session === undefined) second.destroy();
  const goneAway = session && once(session, "goaway", { signal: AbortSignal.timeout(DEADLINE) });
  app.kill("SIGTERM");
  let answer;
  // Ask until the app has received the signal.
  do answer = await requestOver(connection, "/protocol");
  while (answer.headers.connection === "keep-alive");
  expect(answer).toMatchObject({ status: 200, headers: { connection: "close" } });
  await goneAway;
  expect(await app.ended).toBe(0);
  expect(app.stderr).not.toContain("Warning");
}

/** The answer of the app to a request over HTTP/2. */
async function protocolOver(session: ClientHttp2Session | undefined): Promise<unknown> {
  const answered = session?.request({ ":path": "/protocol" }).setEncoding("utf8");
  return answered && JSON.parse((await answered.toArray()).join(""));
}
