import { heldIf, type Step } from "../step.ts";

const CLIENTS = 8;
/** Each of the clients has at most one request under way. */
const UNDER_WAY = 2 * CLIENTS;

/** After `kill -9`, systemd starts it again, and only the requests in that process are lost. */
export const crash: Step = async (app) => {
  let wait = 0;
  const { lost } = await app.whileBusy(CLIENTS, async () => {
    const before = await app.show("MainPID");
    const began = performance.now();
    await app.systemd.mustRun(["kill", "-KILL", before]);
    await app.request();
    wait = performance.now() - began;
  });
  const figures = { crashLost: Math.max(0, lost - UNDER_WAY), crashWait: wait };
  return heldIf(figures.crashLost === 0, figures);
};
