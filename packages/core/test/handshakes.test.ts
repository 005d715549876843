import { once } from "node:events";
import { connect } from "node:tls";
import { describe, expect, test } from "vitest";
import { certificateOf } from "@sockact/testkit";
import {
  acceptedClient,
  appOnSocket,
  type LifecycleServer,
  RawClient,
  rawClient,
  terminate,
} from "./lifecycle-app.ts";

describe.concurrent("on SIGTERM, a client in a TLS handshake", () => {
  test.each<[title: string, server: LifecycleServer]>([
    ["an https server", { kind: "https" }],
    ["an HTTP/2 server", { kind: "http2" }],
    ["a tls server", { kind: "tls" }],
    ["the option tls", { options: { tls: certificateOf("localhost") } }],
  ])(
    "that never ends its handshake is cut, without a failure: %s",
    async (_title, { options, ...server }) => {
      // It would hold the stop for that long.
      const { app, address } = await appOnSocket({
        ...server,
        options: { ...options, drainTimeout: "infinity" },
      });
      await using running = app;
      await using client = await rawClient(address);
      // The beginning of a ClientHello.
      client.send(Buffer.from([22, 3, 1, 2, 0, 1]));
      await terminate(running);
      expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
      expect(await client.closed).toBe("end");
      expect(await running.ended).toBe(0);
    },
  );

  test("that is slow is served: it has the usual time for its first request after the handshake", async () => {
    const { app, address } = await appOnSocket({ kind: "https", options: { drainTimeout: "2min" } });
    await using running = app;
    const { socket } = await acceptedClient(running, address);
    await using silent = await acceptedClient(running, address);
    await terminate(running);
    // Any time that is shorter than the time for a handshake.
    running.write("clock 500");
    await running.event("clock");
    const stream = connect({ socket, rejectUnauthorized: false });
    await using client = new RawClient(stream);
    await once(stream, "secureConnect");
    // The app closes it when the time for a handshake is over, and checks its other connections then, too.
    await silent.closed;
    client.get("/");
    expect(await client.receives(/hello$/)).toMatch(/^Connection: close\r$/im);
    expect(await running.ended).toBe(0);
  });
});
