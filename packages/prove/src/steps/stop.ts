import { heldIf, type Step } from "../step.ts";
import { slowPath } from "../witness.ts";

/** Longer, and a user who restarts the app wonders what it does. In seconds; TimeoutStopSec= is 90 s. */
const TIMEOUT = 15;

/** At a stop, a response under way is finished, and the app ends by itself and soon. */
export const stop: Step = async (app, { isWitnessed }) => {
  const restore = await app.dropIn("stop", [`TimeoutStopSec=${TIMEOUT}s`]);
  try {
    await app.request();
    const began = performance.now();
    await app.stop();
    const time = performance.now() - began;
    const isClean = (await app.show("Result")) === "success";
    if (!isWitnessed || !isClean) return heldIf(isClean, { stop: time });
    // The witness answers slowly in the place of the app.
    const answered = app.request(slowPath(1500)).then(
      ({ status, body }) => status === 200 && body.endsWith("end\n"),
      () => false,
    );
    await app.systemd.waitForUnit(app.service, "ActiveState", "active");
    await app.systemd.systemctl("stop", app.service);
    return heldIf((await answered) && (await app.show("Result")) === "success", { stop: time });
  } finally {
    await app.systemd.systemctl("reset-failed", app.service);
    await restore();
  }
};
