import { once } from "node:events";
import { Agent } from "node:http";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { io, type Socket } from "socket.io-client";
import { expect, test } from "vitest";
import { atEnd, closeAll, DEADLINE, freeAddress, rawSocket, startWithFds } from "@sockact/testkit";

const program = fileURLToPath(new URL("apps/socket-io-cluster.mjs", import.meta.url));

test("in a cluster with sticky sessions, the clients of socket.io come back after a restart", async () => {
  const address = await freeAddress("tcp4");
  const fd = rawSocket("ipv4", "stream", { bound: address, listening: true });
  atEnd(() => closeAll([fd]));
  const start = () => startWithFds([fd], [process.execPath, program]);
  const clients: Socket[] = [["websocket"], ["websocket"], ["polling"], ["polling"]].map((transports) =>
    io(`http://${address}`, {
      transports,
      forceNew: true,
      reconnectionDelay: 50,
      // Not the common agent: two clients would share a connection, and with it the worker.
      agent: new Agent() as never,
    }),
  );
  atEnd(() => clients.forEach((client) => client.close()));
  const echo = async (client: Socket): Promise<string> => {
    if (!client.connected) await once(client as never, "connect", { signal: AbortSignal.timeout(DEADLINE) });
    // The primary may lose what a client sends while the connection is on its way to a worker, and the second
    // request of a client may overtake the message of the worker that says whose client it is.
    const answer = client.timeout(5000).emitWithAck("echo", "hello") as Promise<string>;
    return answer.catch(() => echo(client));
  };
  let answers = new Set<string>();
  for (let count = 0; count < 2; count++) {
    await using app = start();
    const before = answers;
    answers = new Set(await Promise.all(clients.map(echo)));
    expect([...answers].filter((answer) => before.has(answer))).toEqual([]);
    const disconnected = clients.map((client) => once(client as never, "disconnect"));
    app.kill("SIGTERM");
    await Promise.all(disconnected);
    expect(await app.ended).toBe(0);
  }
});
