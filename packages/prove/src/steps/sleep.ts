import { median } from "../median.ts";
import { heldIf, type Step } from "../step.ts";
import { timeOfStart } from "./start.ts";

const WAKES = 5;
const TIMEOUT = 30_000;

/** Without connections, it falls asleep. The next connection wakes it. */
export const sleep: Step = async (app) => {
  const restore = await app.dropIn("sleep", ["Environment=SOCKACT_IDLE_TIMEOUT=500ms"]);
  try {
    const wakes: number[] = [];
    const starts: number[] = [];
    for (let count = 0; count < WAKES; count++) {
      starts.push(await timeOfStart(app));
      if (!(await fallsAsleep(app))) return heldIf(false);
      const began = performance.now();
      const answer = await app.request();
      wakes.push(performance.now() - began);
      if (!app.isExpected(answer) || !(await fallsAsleep(app))) return heldIf(false);
    }
    const wake = median(wakes);
    return heldIf((await app.show("Result")) === "success", { wake, wakeRatio: wake / median(starts) });
  } finally {
    await restore();
  }
};

async function fallsAsleep(app: Parameters<Step>[0]): Promise<boolean> {
  try {
    await app.systemd.waitForUnit(app.service, "ActiveState", ["inactive", "failed"], TIMEOUT);
    return (await app.show("Result")) === "success";
  } catch {
    return false;
  }
}
