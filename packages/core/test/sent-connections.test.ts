import process from "node:process";
import { describe, expect, test } from "vitest";
import { type AppProcess, type ListenAddress, startWithFds } from "@sockact/testkit";
import { programOf } from "./cluster-app.ts";
import { type RawClient, rawClient, systemdSocket, untilAnotherSleeps } from "./lifecycle-app.ts";

/** An app whose child process serves the connection of the client. */
async function startSender(
  env: Record<string, string>,
): Promise<[AppProcess, child: number, RawClient, ListenAddress]> {
  const [fd, address] = await systemdSocket();
  const app = startWithFds([fd], programOf("sends-to-child"), { env });
  const { child } = await app.event<{ child: number }>("up");
  const client = await rawClient(address);
  await client.send("hello").receives(/hello/);
  return [app, child, client, address];
}

/** It may have ended already, since its parent has. */
function endChild(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
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
    endChild(child);
  });

  test("a stop does not wait longer than drainTimeout: then onStop is called, and the exit status is 1", async () => {
    const [app, child, client] = await startSender({ SOCKACT_DRAIN_TIMEOUT: "100ms" });
    await using running = app;
    await using _connected = client;
    running.kill("SIGTERM");
    expect(await running.event("error")).toMatchObject({ code: "SOCKACT_ERR_STOP_TIMEOUT" });
    await running.event("stopped");
    expect(await running.ended).toBe(1);
    endChild(child);
  });

  test("the process is awake while the child process has one, and then sleeps", async () => {
    const [app, child, client] = await startSender({ SOCKACT_IDLE_TIMEOUT: "300ms" });
    await using running = app;
    await using connected = client;
    let hasEnded = false;
    void running.ended.then(() => (hasEnded = true));
    await untilAnotherSleeps(1000);
    expect(hasEnded).toBe(false);
    process.kill(child, "SIGUSR2");
    expect(await connected.closed).toBe("end");
    await running.event("stopped");
    expect(await running.ended).toBe(0);
  });

  test("the process keeps none of them in memory", async () => {
    const [app, child, client, address] = await startSender({ SOCKACT_IDLE_TIMEOUT: "1h" });
    await using running = app;
    await using _connected = client;
    for (let count = 0; count < 300; count++) {
      await using one = await rawClient(address);
      await one.send("hello").receives(/hello/);
    }
    let collected = 0;
    while (collected < 200) {
      running.kill("SIGUSR2");
      ({ collected } = await running.event<{ collected: number }>("collected"));
    }
    running.kill("SIGTERM");
    expect(await running.event("draining")).toMatchObject({ connections: 0 });
    endChild(child);
  });
});
