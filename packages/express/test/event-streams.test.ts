import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { closeAll, freeAddress, openConnection, rawSocket, startWithFds } from "@sockact/testkit";

const program = fileURLToPath(new URL("apps/event-streams.mjs", import.meta.url));
const opened: number[] = [];
afterAll(() => closeAll(opened));

test("an app that ends its event streams in onDrain stops with 0, and does not wait for drainTimeout", async () => {
  const address = await freeAddress("tcp4");
  opened.push(rawSocket("ipv4", "stream", { bound: address, listening: true }));
  await using app = startWithFds(opened, [process.execPath, program], {
    env: { SOCKACT_DRAIN_TIMEOUT: "10min" },
  });
  const client = openConnection(address);
  client.write("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  let received = "";
  await new Promise<void>((resolve) => {
    client.setEncoding("utf8").on("data", (text: string) => {
      received += text;
      if (received.includes("text/event-stream")) resolve();
    });
  });
  app.kill("SIGTERM");
  expect(await app.ended).toBe(0);
  expect(app.stderr).toContain("drained\n");
});
