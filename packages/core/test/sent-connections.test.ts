import process from "node:process";
import { describe, expect, test } from "vitest";
import { type AppProcess, startWithFds } from "@sockact/testkit";
import { programOf } from "./cluster-app.ts";
import { type RawClient, rawClient, systemdSocket } from "./lifecycle-app.ts";

/** An app whose child process serves the connection of the client. */
async function startSender(env: Record<string, string>): Promise<[AppProcess, child: number, RawClient]> {
  const [fd, address] = await systemdSocket();
  const app = startWithFds([fd], programOf("sends-to-child"), { env });
  const { child } = await app.event<{ child: number }>("up");
  const client = await rawClient(address);
  await client.send("hello").receives(/hello/);
  return [app, child, client];
}

describe.concurrent("when a child process serves the connections of a server", () => {
  test("a stop waits for them", async () => {
    const [app, child, client] = await startSender({
      SOCKACT_DRAIN_TIMEOUT: "1min",
      SOCKACT_IDLE_TIMEOUT: "1h",
    });
    await using running = app;
    await using connected = client;
    running.kill("SIGTERM");
    await running.event("draining");
    process.kill(child, "SIGUSR2");
    expect(await connected.closed).toBe("end");
    expect(await running.ended).toBe(0);
    process.kill(child, "SIGKILL");
  });

  test("a stop does not wait longer than drainTimeout: then onStop is called, and the exit status is 1", async () => {
    const [app, child, client] = await startSender({ SOCKACT_DRAIN_TIMEOUT: "100ms" });
    await using running = app;
    await using _connected = client;
    running.kill("SIGTERM");
    expect(await running.event("error")).toMatchObject({ code: "ERR_STOP_TIMEOUT" });
    await running.event("stopped");
    expect(await running.ended).toBe(1);
    process.kill(child, "SIGKILL");
  });
});
