import type { App } from "../app.ts";
import { absent, type Step } from "../step.ts";
import { changeUnderLoad, heldUnderLoad } from "../change-under-load.ts";

const CLIENTS = 16;
/** How long an app may take to end after the signal of a reload, in milliseconds. */
const WATCHED = 2000;

/** Reloads, or handovers to a new process, lose no request, and reset no connection. */
export const reload: Step = async (app, { restarts }) => {
  await app.request();
  if ((await app.show("CanReload")) !== "yes") return absent("noReload");
  const sums = await changeUnderLoad(app, CLIENTS, restarts, async () => {
    await app.systemd.mustRun(["systemctl", "reload", app.service], { timeout: 90_000 });
  });
  const { sent, lost, resets } = sums;
  const figures = { reloadRequests: sent, reloadLost: lost, reloadResets: resets, reloads: restarts };
  return heldUnderLoad(sums, !(await wasRestarted(app)), figures);
};

/** Whether systemd has started the app again: a listener of the signal may end the process once its clients are gone. */
const wasRestarted = ({ systemd, service }: App): Promise<boolean> =>
  systemd
    .waitUntil(async () => (await systemd.show(service, "NRestarts")) !== "0", "it ends", WATCHED)
    .then(
      () => true,
      () => false,
    );
