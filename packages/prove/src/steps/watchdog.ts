import { absent, heldIf, type Step } from "../step.ts";

const TIMEOUT = 30_000;

/** If its event loop stands still, systemd starts it again. */
export const watchdog: Step = async (app) => {
  if (!(await app.show("Type")).startsWith("notify")) return absent("noNotify");
  const restore = await app.dropIn("watchdog", ["WatchdogSec=2s", "TimeoutAbortSec=2s"]);
  try {
    await app.stop();
    await app.systemd.start(app.service);
    const pid = await app.show("MainPID");
    const began = performance.now();
    await app.systemd.mustRun(["kill", "-STOP", pid]);
    try {
      await app.systemd.waitForUnit(app.service, "NRestarts", ["1", "2"], TIMEOUT);
    } catch {
      await app.systemd.run(["kill", "-CONT", pid]);
      return heldIf(false);
    }
    return heldIf(app.isExpected(await app.request()), { watchdog: performance.now() - began });
  } finally {
    await app.stop();
    await restore();
  }
};
