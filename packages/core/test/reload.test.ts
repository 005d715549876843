import { describe, expect, test } from "vitest";
import { appOnSocket } from "./lifecycle-app.ts";

describe.concurrent("SIGHUP", () => {
  test("before the app is ready makes it reload once, when it is ready", async () => {
    const { app } = await appOnSocket({ hooks: ["onEvent", "onListen", "onReload"], after: ["on SIGHUP"] });
    await using running = app;
    await running.event("asked whether ready");
    for (let count = 0; count < 2; count++) {
      running.kill("SIGHUP");
      await running.event("handler");
    }
    running.write("answer");
    await running.event("ready");
    await running.event("reloaded");
    // A second reload would come before that of a third signal.
    running.kill("SIGHUP");
    await running.event("reloaded");
    running.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    expect(running.stdout.match(/"reloaded"/g)).toHaveLength(2);
  });

  test("during a reload makes it reload again when that has ended", async () => {
    const { app } = await appOnSocket({ hooks: ["onEvent", "onReload that waits"] });
    await using running = app;
    running.kill("SIGHUP");
    await running.event("onReload");
    running.kill("SIGHUP");
    // The app has seen the second signal.
    await running.line(/SOCKACT_WARN_RELOADING/);
    running.write("answer");
    await running.event("reloaded");
    await running.event("onReload");
    running.write("answer");
    await running.event("reloaded");
    running.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    expect(running.stdout.match(/"reloaded"/g)).toHaveLength(2);
  });

  test("during a reload that does not end warns, and says how long it has been running", async () => {
    const { app } = await appOnSocket({ hooks: ["onReload that never settles"] });
    await using running = app;
    running.kill("SIGHUP");
    await running.event("onReload");
    running.kill("SIGHUP");
    expect(await running.line(/SOCKACT_WARN_RELOADING/)).toMatch(
      /the reload that began \d+ s ago has not ended/,
    );
  });
});
