import { expect, test } from "vitest";
import { atEnd, closeAll, httpRequest, rawSocket, rawSocketPair, startWithFds } from "@sockact/testkit";
import { programOf, RoleCluster } from "./cluster-app.ts";

test("a worker that asks for the descriptor of a socket gets an error, and leaves its channel to the primary alone", async () => {
  const udp = rawSocket("ipv4", "datagram", { bound: "127.0.0.1:0" });
  atEnd(() => closeAll([udp]));
  await using cluster = await RoleCluster.start({ others: { udp } });
  await cluster.fork("take", "http");
  const refused = Array.from({ length: 4 }, () => "SOCKACT_ERR_CLUSTER_WORKER");
  expect(await cluster.app.event("refused")).toMatchObject({ codes: refused });
  expect(await httpRequest(cluster.addresses[0] as string)).toMatchObject({ status: 200 });
  cluster.app.kill("SIGTERM");
  expect(await cluster.app.ended).toBe(0);
  expect(cluster.app.stdout).not.toContain('"message"');
});

test("a worker of a process that was started for a connection can't serve the connection", async () => {
  const [ours, theirs] = rawSocketPair();
  atEnd(() => closeAll([ours, theirs]));
  await using app = startWithFds([theirs], programOf("cluster-roles"), { names: ["connection"] });
  app.write("fork serve");
  await app.line(/SOCKACT_ERR_CLUSTER_WORKER/);
  expect(await app.event("exit")).toMatchObject({ code: 1 });
});
