import { once } from "node:events";
import { request } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { CliError } from "../shared/cli-error.ts";
import type { Sample } from "./catalog.ts";
import { expositionText } from "./exposition.ts";
import { createEndpoint, LIMITS } from "./endpoint.ts";

const ending: (() => void)[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end();
});

const up: Sample = { metric: "sockact_app_up", labels: { app: "shop" }, value: 1 };
const line = 'sockact_app_up{app="shop"} 1\n';

async function start(sample: () => Promise<Sample[]>, limits: Partial<typeof LIMITS> = {}) {
  const errors: CliError[] = [];
  const server = createEndpoint(
    async () => expositionText(await sample()),
    (error) => errors.push(error),
    { ...LIMITS, ...limits },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ending.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const ask = async (path = "/metrics", method = "GET", headers = {}) => {
    const sent = request({ port, path, method, headers, agent: false }).end();
    const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
    const body = await buffer(response);
    return { status: response.statusCode, headers: response.headers, body };
  };
  const open = (): Socket => {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    ending.push(() => socket.destroy());
    return socket;
  };
  return { ask, open, errors };
}

test("the metrics, with the type that Prometheus expects", async () => {
  const { ask } = await start(async () => [up]);
  const { status, headers, body } = await ask();
  expect(status).toBe(200);
  expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(headers.connection).toBe("close");
  expect(body.toString()).toContain(line);
  const head = await ask("/metrics", "HEAD");
  expect([head.status, head.headers["content-length"], head.body.length]).toEqual([200, `${body.length}`, 0]);
});

test("compressed for a client that accepts it, and for no other", async () => {
  const { ask } = await start(async () => [up]);
  for (const accepted of ["gzip", "deflate, GZIP;q=0.5", "br;q=1.0, gzip"]) {
    const { headers, body } = await ask("/metrics", "GET", { "accept-encoding": accepted });
    expect(headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(body).toString()).toContain(line);
  }
  for (const refused of ["identity", "gzip;q=0", "gzip;q=0.00, br", "notgzip"]) {
    const { headers } = await ask("/metrics", "GET", { "accept-encoding": refused });
    expect(headers["content-encoding"]).toBeUndefined();
  }
});

test("other paths and methods", async () => {
  const { ask } = await start(async () => [up]);
  expect((await ask("/")).body.toString()).toContain("/metrics");
  expect((await ask("/metrics?x=1")).status).toBe(200);
  expect((await ask("http://host.example:9464/metrics?x=1")).status).toBe(200);
  expect((await ask("http://host.example")).body.toString()).toContain("/metrics");
  for (const unknown of ["/etc/passwd", "http://host.example/metrics/", "/http://host.example/metrics"])
    expect((await ask(unknown)).status).toBe(404);
  const posted = await ask("/metrics", "POST");
  expect([posted.status, posted.headers.allow]).toEqual([405, "GET, HEAD"]);
});

test("clients that come at the same time share the values", async () => {
  let samples = 0;
  const { ask } = await start(
    async () => {
      samples += 1;
      return [up];
    },
    { fresh: 60_000 },
  );
  const answers = await Promise.all(Array.from({ length: 50 }, async () => ask()));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(samples).toBe(1);
});

test("503 with a code and a hint while the values can't be read, which is logged once", async () => {
  let fails = true;
  const { ask, errors } = await start(
    async () => {
      if (fails) throw new CliError("SOCKACT_ERR_SYSTEMCTL", "no answer", "Look at systemd.");
      return [up];
    },
    { fresh: 0 },
  );
  for (const path of ["/metrics", "/", "/metrics"]) {
    const { status, body } = await ask(path);
    expect([status, body.toString()]).toEqual([503, "SOCKACT_ERR_SYSTEMCTL: no answer\nLook at systemd.\n"]);
  }
  expect(errors).toHaveLength(1);
  fails = false;
  // The error is shared until a timer has run.
  await expect.poll(async () => (await ask()).status).toBe(200);
});

test("503 if the values can't be read in time", async () => {
  const { ask } = await start(async () => new Promise(() => {}), { late: 20 });
  const { status, body } = await ask();
  expect(status).toBe(503);
  expect(body.toString()).toContain("SOCKACT_ERR_METRICS");
});

test("a client that never reads, and one that never asks, are closed", async () => {
  const long = "x".repeat(64 * 1024 * 1024);
  const { open } = await start(async () => [{ ...up, labels: { app: long } }], { connection: 200 });
  const silent = open();
  const deaf = open();
  deaf.pause();
  deaf.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(silent.resume(), "close");
  // What fits into the buffers of the kernel arrives, and no more.
  let received = 0;
  deaf.on("data", (chunk: Buffer) => (received += chunk.length));
  await once(deaf.resume(), "close");
  expect(received).toBeLessThan(long.length);
});

test("clients that say nothing, or read nothing, lock out nobody", async () => {
  const { ask, open } = await start(async () => [up], { fresh: 60_000, connection: 600_000 });
  const connected = async (count: number, sent = "") => {
    for (let index = 0; index < count; index++) {
      const socket = open().pause();
      await once(socket, "connect");
      socket.write(sent);
    }
  };
  const silent = open();
  await once(silent.resume(), "connect");
  const closed = once(silent, "close");
  await connected(200);
  // The oldest one makes room.
  await closed;
  expect((await ask()).status).toBe(200);
  await connected(200, "GET /metrics HTTP/1.1\r\nHost: x\r\n");
  expect((await ask()).status).toBe(200);
});
