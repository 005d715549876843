import { once } from "node:events";
import { Agent } from "node:http";
import { fileURLToPath } from "node:url";
import { io, type Socket } from "socket.io-client";
import { expect, test } from "vitest";
import { bootPrivateSystemd, connectInside, DEADLINE, describeWith } from "@sockact/testkit";
// By its path, because @sockact/units has the testkit as a dependency.
import { emitUnits } from "../../units/src/index.ts";

const program = fileURLToPath(new URL("apps/socket-io.mjs", import.meta.url));

describeWith({ privateSystemd: true, systemd: 253 }, "at a handover", () => {
  test("a socket.io app closes the sessions of its clients, which connect to the new process", async () => {
    await using systemd = await bootPrivateSystemd();
    const exec = [systemd.node, systemd.project + program.slice(program.lastIndexOf("/packages/"))];
    await systemd.installUnits(
      emitUnits({ name: "app", sockets: [{ listen: 80 }], exec, handover: true, drainTimeout: "20s" }),
    );
    await systemd.start("app.socket", "app.service");
    const agent = Object.assign(new Agent({ keepAlive: true }), {
      createConnection: () => connectInside(systemd, "127.0.0.1:80"),
    });
    const clients: Socket[] = ["polling", "websocket"].map((transport) =>
      io("http://localhost", { transports: [transport], forceNew: true, agent: agent as never }),
    );
    const signal = AbortSignal.timeout(DEADLINE);
    await Promise.all(clients.map((client) => once(client as never, "connect", { signal })));
    const disconnected = clients.map((client) => once(client as never, "disconnect", { signal }));
    const before = await systemd.show("app.service", "MainPID");
    await systemd.systemctl("reload", "app.service");
    for (const [reason] of await Promise.all(disconnected)) expect(reason).toBe("transport close");
    await Promise.all(
      clients.map(async (client) => client.connected || once(client as never, "connect", { signal })),
    );
    for (const client of clients)
      expect(await client.timeout(DEADLINE).emitWithAck("echo", "hello")).toBe("hello");
    await systemd.waitUntil(
      async () => (await systemd.run(["test", "-e", `/proc/${before}`])).code !== 0,
      "the old process has ended",
    );
    for (const client of clients) client.close();
    const isOver = async (): Promise<boolean> => Object.keys(agent.sockets).length === 0;
    await systemd.waitUntil(isOver, "the clients have closed their sessions");
    agent.destroy();
  });
});
