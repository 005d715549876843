import { readFileSync, rmSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { httpRequest, startProcess } from "@sockact/testkit";
import { newFile, RoleCluster } from "./cluster-app.ts";

/** Resolves when the process has ended, and its parent, which has been stopped, has not noticed. */
async function untilDead(pid: number): Promise<void> {
  while (!readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")) await delay(10);
}

describe.concurrent("when a cluster stops", () => {
  test("a worker that the signal has ended while it starts does not disturb the others: a request that is under way is answered", async () => {
    await using cluster = await RoleCluster.start();
    const { app, addresses } = cluster;
    await cluster.fork("serve");
    const starting = await cluster.fork("job");
    const request = httpRequest(addresses[0] as string, "/held");
    await app.event("request");
    // The primary handles its own signal before it sees the end of the worker.
    process.kill(app.pid, "SIGSTOP");
    process.kill(starting, "SIGTERM");
    await untilDead(starting);
    process.kill(app.pid, "SIGTERM");
    process.kill(app.pid, "SIGCONT");
    await app.line(/^sockact: SIGTERM: draining, \d workers?$/);
    app.write("tell 1 answer");
    expect(await request).toMatchObject({ status: 200, body: "at last" });
    expect(await app.ended).toBe(0);
  });

  test("a worker that does not end is killed, an error names it, and the exit status is 1", async () => {
    await using cluster = await RoleCluster.start({ env: { SOCKACT_DRAIN_TIMEOUT: "0" } });
    const { app } = cluster;
    const blocked = await cluster.fork("serve");
    const stubborn = await cluster.fork("stubborn");
    app.write("tell 1 block");
    await app.event("blocked");
    app.kill("SIGTERM");
    await app.event("ignored");
    expect(await app.ended).toBe(1);
    expect(app.stderr).toContain(
      `sockact: SOCKACT_ERR_WORKER_KILLED: Killed worker 1 (process ${blocked}), worker 2 (process ${stubborn}), which did not end in 5 s. `,
    );
    expect(app.stdout.match(/"code":null,"signal":"SIGKILL"/g)).toHaveLength(2);
  });

  test("and KillMode=mixed, a worker that serves nothing gets SIGTERM from the primary", async () => {
    await using cluster = await RoleCluster.start();
    await cluster.fork("serve");
    await cluster.fork("job");
    cluster.app.kill("SIGTERM");
    expect(await cluster.app.ended).toBe(0);
    expect(cluster.app.stdout).toContain(`"exit","id":0,"worker":2,"code":null,"signal":"SIGTERM"`);
  });

  test("and KillMode=mixed, a worker that serves without sockact answers what is under way", async () => {
    await using cluster = await RoleCluster.start();
    const { app, addresses } = cluster;
    await cluster.fork("plain");
    const request = httpRequest(addresses[0] as string, "/held");
    await app.event("request");
    app.write("tell 1 answer");
    app.kill("SIGTERM");
    expect(await request).toMatchObject({ status: 200, body: "at last" });
    expect(await app.ended).toBe(0);
  });

  test("it waits for the drainTimeout of its workers, also if that is shorter than the default", async () => {
    await using cluster = await RoleCluster.start({ env: { OPTIONS: `{ "drainTimeout": "300ms" }` } });
    const { app, addresses } = cluster;
    await cluster.fork("plain");
    const request = httpRequest(addresses[0] as string, "/held").catch((error: Error) => error.message);
    await app.event("request");
    await cluster.fork("serve");
    // It ends when the default of 10 s is over.
    await using clock = startProcess(["sleep", "8"]);
    app.kill("SIGTERM");
    expect(await Promise.race([app.ended, clock.ended.then(() => "too late")])).toBe(0);
    expect(await request).toBe("socket hang up");
  });

  test("it does not wait for a worker that could not be started", async () => {
    await using cluster = await RoleCluster.start({ env: { SOCKACT_DRAIN_TIMEOUT: "1min" } });
    await cluster.fork("serve");
    cluster.app.write("fail");
    expect(await cluster.app.event("failed")).toMatchObject({ code: "ENOENT" });
    cluster.app.kill("SIGTERM");
    expect(await cluster.app.ended).toBe(0);
  });
});

test.concurrent("a worker that ends while the primary hands a socket to it does not end the primary", async () => {
  const wait = newFile();
  await using cluster = await RoleCluster.start({ env: { WAIT: wait } });
  const { app, addresses } = cluster;
  // It keeps the primary alive.
  await cluster.fork("job");
  app.write("fork serve");
  // Of the first worker, then of the second.
  await app.event("forked");
  const { pid } = await app.event<{ pid: number }>("forked");
  process.kill(app.pid, "SIGSTOP");
  rmSync(wait);
  await app.event("asked");
  process.kill(pid, "SIGKILL");
  await untilDead(pid);
  process.kill(app.pid, "SIGCONT");
  expect(await app.event("exit")).toMatchObject({ signal: "SIGKILL" });
  await cluster.fork("serve");
  expect(await httpRequest(addresses[0] as string)).toMatchObject({ status: 200 });
});
