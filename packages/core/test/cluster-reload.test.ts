import { rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { expect, test, vi } from "vitest";
import { DEADLINE } from "@sockact/testkit";
import { newFile, RoleCluster } from "./cluster-app.ts";

test.concurrent("without a service manager, SIGHUP reloads a cluster again and again, without a warning", async () => {
  await using cluster = await RoleCluster.start({ env: { RELOADS: "1" } });
  const { app } = cluster;
  await cluster.fork("serve");
  await cluster.fork("serve");
  for (let count = 1; count <= 11; count++) {
    app.kill("SIGHUP");
    await app.event("reloaded");
    await app.event("reloaded");
    const lines = (): unknown => app.stderr.match(/^sockact: (?:worker \d: )?reloaded$/gm)?.length;
    await vi.waitFor(() => expect(lines()).toBe(3 * count), { timeout: DEADLINE });
  }
  app.kill("SIGTERM");
  expect(await app.ended).toBe(0);
  expect(app.stderr).not.toContain("Warning");
});

test.concurrent("without a service manager, SIGHUP ends a cluster whose workers have no onReload", async () => {
  await using cluster = await RoleCluster.start();
  await cluster.fork("serve");
  cluster.app.kill("SIGHUP");
  expect(await cluster.app.ended).toBe("SIGHUP");
});

test.concurrent("if the reload of a worker fails, that of the cluster fails too, and the error names the worker", async () => {
  await using cluster = await RoleCluster.start({ env: { RELOADS: "1", FAILS: "2" } });
  const { app } = cluster;
  await cluster.fork("serve");
  const failing = await cluster.fork("serve");
  app.kill("SIGHUP");
  expect(await app.event("reloaded")).toMatchObject({ id: 1 });
  expect(await app.line(/SOCKACT_ERR_RELOAD_WORKER/)).toContain(
    `The reload of a worker has failed: worker 2 (process ${failing}).`,
  );
  await app.line(/^sockact: the reload failed: a worker failed$/);
  expect(app.stderr).toMatch(/^sockact: worker 2: the reload failed: onReload failed$/m);
});

test.concurrent("when a late worker has reloaded after all, the cluster has", async () => {
  await using cluster = await RoleCluster.start({ env: { RELOADS: "1" } });
  const { app } = cluster;
  await cluster.fork("serve");
  await app.line(/^sockact: ready$/);
  app.write("tell 1 pause");
  await app.event("blocked");
  app.kill("SIGHUP");
  await app.line(/^sockact: the reload failed: a worker failed$/);
  await app.line(/^sockact: worker 1: reloaded$/);
  expect(await app.line(/^sockact: reloaded$/)).toBe("sockact: reloaded");
});

test.concurrent("a reload waits for a worker that accepts already, but is not ready", async () => {
  const ready = newFile();
  rmSync(ready);
  await using cluster = await RoleCluster.start({ env: { RELOADS: "1", READY: ready } });
  const { app } = cluster;
  await cluster.fork("serve");
  await app.line(/^sockact: ready$/);
  writeFileSync(ready, "");
  await cluster.fork("serve");
  app.kill("SIGHUP");
  expect(await app.event("reloaded")).toMatchObject({ id: 1 });
  rmSync(ready);
  expect(await app.event("reloaded")).toMatchObject({ id: 2 });
  await app.line(/^sockact: reloaded$/);
});

test.concurrent("a worker that does not listen yet at a reload reloads when it does", async () => {
  const wait = newFile();
  rmSync(wait);
  await using cluster = await RoleCluster.start({ env: { RELOADS: "1", WAIT: wait } });
  const { app } = cluster;
  await cluster.fork("serve");
  await app.line(/^sockact: ready$/);
  writeFileSync(wait, "");
  app.write("fork serve");
  await app.event("forked");
  await app.event("forked");
  app.kill("SIGHUP");
  expect(await app.event("reloaded")).toMatchObject({ id: 1 });
  await app.line(/^sockact: reloaded$/);
  rmSync(wait);
  expect(await app.event("reloaded")).toMatchObject({ id: 2 });
});

test.concurrent("a worker whose event loop is blocked does not hold up a reload, which names the worker", async () => {
  await using cluster = await RoleCluster.start({ env: { RELOADS: "1" } });
  const { app } = cluster;
  const blocked = await cluster.fork("serve");
  await cluster.fork("serve");
  app.write("tell 1 block");
  await app.event("blocked");
  app.kill("SIGHUP");
  expect(await app.event("reloaded")).toMatchObject({ id: 2 });
  expect(await app.line(/SOCKACT_ERR_RELOAD_TIMEOUT/)).toContain(`process ${blocked}`);
  await app.line(/the reload failed/);
  // It would outlive the primary.
  process.kill(blocked, "SIGKILL");
});
