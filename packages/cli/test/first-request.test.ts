import { type RequestListener, createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificateOf } from "@sockact/testkit";
import { expect, onTestFinished, test } from "vitest";
import { firstRequest } from "../src/lib/install-app/first-request.ts";

/** Starts a server on the loopback device, or at a path, and returns its address as systemd prints it. */
async function start(server: Server, path?: string): Promise<string> {
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => sockets.add(socket));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) =>
    path === undefined ? server.listen(0, "127.0.0.1", resolve) : server.listen(path, resolve),
  );
  return path ?? `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ask = async (address: string, kind = "Stream", timeout = 10_000) =>
  firstRequest({ address, type: kind }, AbortSignal.timeout(timeout));

const answering =
  (status: number, headers = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end("hello");

test.each([
  [200, {}],
  [404, {}],
  [500, {}],
  [302, { location: "/login" }],
])("an answer with status %i is one", async (status, headers) => {
  const address = await start(createServer(answering(status, headers)));
  expect(await ask(address)).toEqual({
    outcome: "http",
    url: `http://${address}/`,
    status,
    text: expect.any(String),
    milliseconds: expect.any(Number),
    ...headers,
  });
});

test("an endless answer counts when its head arrives", async () => {
  const address = await start(createServer((_, response) => response.writeHead(200).write("data: 1\n\n")));
  expect(await ask(address)).toMatchObject({ outcome: "http", status: 200 });
});

test("a server that speaks TLS is asked by HTTPS", async () => {
  const { key, cert } = certificateOf("localhost");
  const identity = { key: readFileSync(key), cert: readFileSync(cert) };
  const address = await start(createSecureServer(identity, answering(204)));
  expect(await ask(address)).toMatchObject({ outcome: "http", url: `https://${address}/`, status: 204 });
});

test("a unix socket is asked at its path", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sockact-ask-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const address = await start(createServer(answering(200)), join(folder, "app.sock"));
  expect(await ask(address)).toMatchObject({ outcome: "http", url: address, status: 200 });
});

test("a server of another protocol answers too", async () => {
  const address = await start(createTcpServer((socket) => socket.write("220 mail.example ESMTP\r\n")));
  expect(await ask(address)).toMatchObject({ outcome: "other" });
});

test("a server that does not answer is silent until the deadline", async () => {
  const address = await start(createTcpServer(() => {}));
  expect(await ask(address, "Stream", 100)).toMatchObject({ outcome: "silent" });
});

test("a server that closes each connection is silent", async () => {
  const address = await start(createTcpServer((socket) => socket.destroy()));
  expect(await ask(address)).toMatchObject({ outcome: "silent" });
});

test.each([
  ["[::]:53", "Datagram"],
  ["vsock:2:80", "Stream"],
  ["@admin", "Stream"],
])("%s (%s) is not asked", async (address, kind) => {
  expect(await ask(address, kind)).toEqual({ outcome: "unasked", url: address });
});
