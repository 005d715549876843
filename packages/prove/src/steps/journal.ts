import { setTimeout as delay } from "node:timers/promises";
import type { App } from "../app.ts";
import { heldIf, type Step } from "../step.ts";

/** How long it is watched while nobody asks, in seconds. */
const WATCHED = 5;
/** What journald keeps of a service at least: RateLimitBurst= in RateLimitIntervalSec=, in seconds. */
const [KEPT, INTERVAL] = [10_000, 30];

/** The lines of a start, and those that follow while nobody asks, are not more than journald keeps. */
export const journal: Step = async (app) => {
  // Otherwise journald would drop the lines before they are counted.
  const restore = await app.dropIn("journal", ["LogRateLimitIntervalSec=0"]);
  try {
    await app.stop();
    const before = await linesOf(app);
    await app.request();
    // The last lines of a start may come after the first answer.
    await delay(1000);
    const started = await linesOf(app);
    await delay(WATCHED * 1000);
    const lines = ((await linesOf(app)) - started) * (60 / WATCHED);
    const isComplete = started - before + lines * (INTERVAL / 60) <= KEPT;
    const details = lines * (INTERVAL / 60) > KEPT ? { lines } : {};
    return heldIf(
      isComplete,
      { lines },
      isComplete ? [] : [{ code: "SOCKACT_PROVE_LINES", details, places: [] }],
    );
  } finally {
    await app.stop();
    await restore();
  }
};

/** How many lines it has written, without those of systemd about it. */
async function linesOf({ systemd, service }: App): Promise<number> {
  const script = `journalctl --sync; journalctl --quiet --no-pager --output=json --output-fields=_PID --unit="$1" | grep --count --invert-match '"_PID":"1"'`;
  const { stdout } = await systemd.run(["sh", "-c", script, "sh", service], { timeout: 60_000 });
  return Number(stdout);
}
