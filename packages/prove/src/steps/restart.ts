import type { Step } from "../step.ts";
import { changeUnderLoad, heldUnderLoad } from "../change-under-load.ts";

const CLIENTS = 16;

/** Restarts under load lose no request, reset no connection, and let no client wait after them. */
export const restart: Step = async (app, { restarts }) => {
  await app.request();
  const sums = await changeUnderLoad(app, CLIENTS, restarts, () => app.systemd.restart(app.service));
  const { sent, lost, resets, longest, waitRatio } = sums;
  const figures = { requests: sent, lost, resets, longest, waitRatio, restarts };
  return heldUnderLoad(sums, (await app.show("NRestarts")) === "0", figures);
};
