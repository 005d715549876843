import { readFileSync } from "node:fs";
import process from "node:process";
import { expect, test } from "vitest";
import { type AppProcess, describeWith, freeAddress, httpRequest, startProcess } from "@sockact/testkit";
import { heldClient, idleClient, type LifecycleApp, program } from "./lifecycle-app.ts";

/** Process 1 of its namespace, as in a container. */
const asProcess1 = [
  "unshare",
  ...(process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]),
  "--pid",
  "--fork",
  "--kill-child",
  "--mount-proc",
];

async function startInContainer({ options, ...app }: LifecycleApp = {}): Promise<{
  app: AppProcess;
  address: string;
  signal: (name: NodeJS.Signals) => void;
}> {
  const address = await freeAddress("tcp4");
  const port = Number(address.split(":").at(-1));
  const config = { hooks: ["onEvent"], ...app, options: { host: "127.0.0.1", port, ...options } };
  const started = startProcess([...asProcess1, ...program], { env: { APP: JSON.stringify(config) } });
  await started.event("up");
  const [child] = readFileSync(`/proc/${started.pid}/task/${started.pid}/children`, "utf8").split(" ");
  return { app: started, address, signal: (name) => void process.kill(Number(child), name) };
}

describeWith({ commands: ["unshare"] }, "an app that is process 1, as in a container", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("drains at %s by default", async (name) => {
    const { app, address, signal } = await startInContainer();
    await using running = app;
    await using idle = await idleClient(running, address);
    await using busy = await heldClient(running, address);
    signal(name);
    expect(await running.event("draining")).toMatchObject({ signal: name });
    running.write("answer");
    expect(await busy.receives(/done$/)).toMatch(/^Connection: close\r$/im);
    idle.get("/");
    expect(await idle.receives(/hello$/)).toMatch(/^Connection: close\r$/im);
    expect(await running.ended).toBe(0);
  });

  test("is ended by its own handler, if it has one", async () => {
    const { app, address, signal } = await startInContainer({ after: ["on"], input: true });
    await using running = app;
    await using busy = await heldClient(running, address);
    signal("SIGTERM");
    await running.event("handler");
    running.write("answer");
    await busy.receives(/done$/);
    await running.event("drained");
    running.write("exit");
    expect(await running.ended).toBe(7);
  });

  test("ends at a signal that comes before it listens", async () => {
    const code = `import { prepareApp } from "@sockact/core/adapter";
      prepareApp({}).attach({}, { owns: () => true });
      console.log("attached");
      setInterval(() => {}, 60_000);`;
    const command = [...asProcess1, process.execPath, "--input-type=module", "--eval", code];
    await using running = startProcess(command, { cwd: import.meta.dirname });
    await running.line(/^attached$/m);
    const [child] = readFileSync(`/proc/${running.pid}/task/${running.pid}/children`, "utf8").split(" ");
    process.kill(Number(child), "SIGTERM");
    expect(await running.ended).toBe(0);
  });

  test("and has signals: false is left alone: the kernel ignores the signal", async () => {
    const { app, address, signal } = await startInContainer({ options: { signals: false } });
    await using running = app;
    signal("SIGTERM");
    expect((await httpRequest(address)).body).toBe("hello");
    expect(running.stdout).not.toContain("draining");
  });
});
