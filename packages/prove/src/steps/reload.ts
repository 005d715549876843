import { absent, type Step } from "../step.ts";
import { changeUnderLoad, heldUnderLoad } from "../change-under-load.ts";

const CLIENTS = 16;
/** How long to watch whether the app ends after the signal of a reload, in milliseconds. */
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
  const hasStayed = async (): Promise<boolean> => (await app.show("NRestarts")) === "0";
  // A listener of the signal may end the process only when its clients are gone. systemd then starts it again.
  await app.systemd.waitUntil(async () => !(await hasStayed()), "it ends", WATCHED).catch(() => {});
  return heldUnderLoad(sums, await hasStayed(), figures);
};
