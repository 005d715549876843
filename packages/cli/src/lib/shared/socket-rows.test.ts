import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { socketRows } from "./socket-rows.ts";

test("all rows of a table, however many there are", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const clients: Socket[] = [];
  onTestFinished(() => {
    for (const client of clients) client.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const local = ` 0100007F:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  for (let count = 1; count <= 60; count++) {
    const client = connect(port, "127.0.0.1");
    clients.push(client);
    await Promise.all([once(client, "connect"), once(server, "connection")]);
    // The server, and both ends of each connection.
    const rows = [...socketRows("tcp")].filter((row) => row.includes(local));
    expect(rows).toHaveLength(1 + 2 * count);
  }
});
