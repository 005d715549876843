import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { closeAll, freeAddress, rawSocket, startProcess, startWithFds } from "@sockact/testkit";

const program = fileURLToPath(new URL("programs/untouched.mjs", import.meta.url));
const opened: number[] = [];
afterAll(() => closeAll(opened));

async function activated(mode: string): Promise<Record<string, unknown>> {
  const fd = rawSocket("ipv4", "stream", { bound: await freeAddress("tcp4"), listening: true });
  opened.push(fd);
  await using app = startWithFds([fd], [process.execPath, program, mode]);
  return await app.event("outcome");
}

describe.concurrent("sockact does not change other parts of the process", () => {
  test("with `notify: false` the variables of the service manager stay for another library, or a child", async () => {
    const env = { NOTIFY_SOCKET: "/run/systemd/notify", WATCHDOG_USEC: "30000000", WATCHDOG_PID: "1" };
    await using app = startProcess([process.execPath, program, "variables"], { env });
    expect(await app.event("outcome")).toEqual({
      event: "outcome",
      imported: Object.keys(env),
      served: Object.keys(env),
    });
  });

  test("a tool that wraps listen() after sockact was imported sees every server that sockact does not bind", async () => {
    expect(await activated("wrapped")).toEqual({ event: "outcome", seen: ["unrelated"] });
  });

  test("malformed variables that one app trusts are not an error of another server's listen()", async () => {
    await using app = startProcess([process.execPath, program, "trust"], { env: { LISTEN_FDS: "none" } });
    expect(await app.event("outcome")).toEqual({ event: "outcome", code: "SOCKACT_ERR_LISTEN_FDS" });
  });

  test("an app that is no longer referenced is garbage-collected", async () => {
    const { made, alive } = await activated("dropped");
    expect(alive).toBeLessThan(Number(made) / 10);
  });
});
