import { heldIf, type Step } from "../step.ts";

const CLIENTS = 16;

/** Restarts under load lose no request, and reset no connection. */
export const restart: Step = async (app, { restarts }) => {
  const sums = await app.underLoad(CLIENTS, restarts, () => app.systemd.restart(app.service));
  const { sent, lost, resets, longest } = sums;
  const figures = { requests: sent, lost, resets, longest, restarts };
  return heldIf(lost === 0 && resets === 0 && (await app.show("NRestarts")) === "0", figures);
};
