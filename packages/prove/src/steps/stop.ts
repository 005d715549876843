import { heldIf, type Step } from "../step.ts";
import { slowPath, witnessLines } from "../witness.ts";

/** At a stop, a response under way is finished, and the app ends by itself. */
export const stop: Step = async (app, { isWitnessed }) => {
  await app.request();
  const began = performance.now();
  const isClean = await app.stop();
  const time = performance.now() - began;
  if (!isClean) return heldIf(false, { stop: time });
  if (!isWitnessed) return heldIf(true, { stop: time });
  await app.request();
  // The witness answers slowly in the place of the app.
  let isDone = false;
  const answered = app
    .request({ method: "GET", path: slowPath(1500) })
    .then(
      ({ status, body }) => status === 200 && body.endsWith("end\n"),
      () => false,
    )
    .finally(() => (isDone = true));
  const isSlow = async () => (await witnessLines(app)).some(({ what }) => what === "slow");
  await app.systemd.waitUntil(async () => isDone || (await isSlow()), "a response is under way");
  // The server of the app may be none of Node's.
  if (!(await isSlow())) return heldIf(await app.stop(), { stop: time });
  const isCleanToo = await app.stop();
  return heldIf((await answered) && isCleanToo, { stop: time });
};
