import { absent, heldIf, type Step } from "../step.ts";

const CLIENTS = 16;

/** Reloads, or handovers to a new process, lose no request. */
export const reload: Step = async (app, { restarts }) => {
  await app.request();
  if ((await app.show("CanReload")) !== "yes") return absent("noReload");
  const sums = await app.underLoad(CLIENTS, restarts, async () => {
    await app.systemd.mustRun(["systemctl", "reload", app.service], { timeout: 90_000 });
  });
  const { sent, lost, resets } = sums;
  const figures = { reloadRequests: sent, reloadLost: lost, reloads: restarts };
  return heldIf(lost === 0 && resets === 0 && (await app.show("NRestarts")) === "0", figures);
};
