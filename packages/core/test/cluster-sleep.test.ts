import { once } from "node:events";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { openConnection } from "@sockact/testkit";
import { RoleCluster } from "./cluster-app.ts";

const IDLE = 150;
const env = { SOCKACT_IDLE_TIMEOUT: `${IDLE}ms` };

/** The test fails if the cluster falls asleep in this time. */
async function expectAwake({ app }: RoleCluster): Promise<void> {
  app.write(`clock ${2.5 * IDLE}`);
  await app.event("clock");
  expect(app.stderr).not.toContain("going to sleep");
}

/** Until the test has told the primary to release it, a hold keeps the cluster awake. */
async function startAwake(names: string[]): Promise<RoleCluster> {
  const cluster = await RoleCluster.start({ names, env });
  cluster.app.write("hold");
  await cluster.app.event("held");
  return cluster;
}

describe.concurrent("a cluster sleeps", () => {
  test("when a keepAwake() in the primary is released, although all workers were idle before that", async () => {
    await using cluster = await startAwake(["http"]);
    await cluster.fork("serve");
    await cluster.fork("serve");
    await expectAwake(cluster);
    cluster.app.write("release");
    expect(await cluster.app.ended).toBe(0);
  });

  test("beside a worker that serves nothing", async () => {
    await using cluster = await RoleCluster.start({ env });
    await cluster.fork("job");
    await cluster.fork("serve");
    expect(await cluster.app.ended).toBe(0);
  });

  test("when a keepAwake() of a worker that serves nothing is released", async () => {
    await using cluster = await RoleCluster.start({ env });
    await cluster.fork("job");
    cluster.app.write("tell 1 hold");
    await cluster.app.event("held");
    await cluster.fork("serve");
    await expectAwake(cluster);
    cluster.app.write("tell 1 release");
    expect(await cluster.app.ended).toBe(0);
  });

  test("when a keepAwake() is released that a worker has called after it was idle", async () => {
    await using cluster = await startAwake(["http", "admin"]);
    const { app, addresses } = cluster;
    await cluster.fork("serve", "http");
    await cluster.fork("serve", "admin");
    // Its connection keeps the cluster awake, while the other worker has been idle for a long time.
    const busy = openConnection(addresses[0] as string);
    busy.write("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    await app.event("request");
    app.write("release");
    await expectAwake(cluster);
    app.write("tell 2 hold");
    await app.event("held");
    const closed = once(busy.resume(), "close");
    busy.destroy();
    await closed;
    await expectAwake(cluster);
    app.write("tell 2 release");
    expect(await app.ended).toBe(0);
  });

  test("when a worker that serves nothing has ended with a keepAwake()", async () => {
    await using cluster = await RoleCluster.start({ env });
    const job = await cluster.fork("job");
    cluster.app.write("tell 1 hold");
    await cluster.app.event("held");
    await cluster.fork("serve");
    await expectAwake(cluster);
    process.kill(job, "SIGKILL");
    expect(await cluster.app.ended).toBe(0);
  });

  test("only when it is ready: each socket has a server", async () => {
    await using cluster = await RoleCluster.start({ names: ["http", "admin"], env });
    await cluster.fork("serve", "http");
    await expectAwake(cluster);
    await cluster.fork("serve", "admin");
    expect(await cluster.app.ended).toBe(0);
  });

  test("when the last connection to the primary itself has closed", async () => {
    await using cluster = await RoleCluster.start({ names: ["http", "admin"], env });
    const { app, addresses } = cluster;
    app.write("listen admin");
    await app.event("up");
    const connection = openConnection(addresses[1] as string);
    connection.write("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    await app.event("request");
    await cluster.fork("serve", "http");
    await expectAwake(cluster);
    const closed = once(connection.resume(), "close");
    connection.destroy();
    await closed;
    expect(await app.ended).toBe(0);
  });
});
