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
  const answered = app.request(slowPath(1500)).then(
    ({ status, body }) => status === 200 && body.endsWith("end\n"),
    () => false,
  );
  const isUnderWay = async () => (await witnessLines(app)).some(({ what }) => what === "slow");
  await app.systemd.waitUntil(isUnderWay, "a response is under way");
  const isCleanToo = await app.stop();
  return heldIf((await answered) && isCleanToo, { stop: time });
};
