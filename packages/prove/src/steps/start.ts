import type { App } from "../app.ts";
import { median } from "../median.ts";
import { heldIf, type Step } from "../step.ts";

const STARTS = 3;
/** A client that wakes the app waits so long, in milliseconds. */
const SLOW = 5000;

/** How long a start of the service takes until it is ready, in milliseconds, as systemd has measured it. */
export async function timeOfStart(app: App): Promise<number> {
  await app.stop();
  await app.systemd.start(app.service);
  return (await app.when("ActiveEnter")) - (await app.when("InactiveExit"));
}

/** How long its main thread could have run, but another program did: see sched-stats in the kernel's documentation. */
async function waitedForProcessor(app: App): Promise<number> {
  const { stdout } = await app.systemd.run(["cat", `/proc/${await app.show("MainPID")}/schedstat`]);
  return Number(stdout.split(" ")[1] ?? 0) / 1e6;
}

/** A connection starts it, as a user without rights, and soon. */
export const start: Step = async (app) => {
  const times: number[] = [];
  const own: number[] = [];
  for (let count = 0; count < STARTS; count++) {
    times.push(await timeOfStart(app));
    own.push(times.at(-1)! - (await waitedForProcessor(app)));
  }
  await app.stop();
  await app.request();
  const pid = await app.show("MainPID");
  const status = await app.systemd.mustRun(["cat", `/proc/${pid}/status`]);
  const isRoot = /^Uid:\s0\s/m.test(status);
  const isPrivileged = !/^CapEff:\s0+$/m.test(status);
  const time = median(times);
  const causes =
    median(own) < SLOW ? [] : [{ code: "SOCKACT_PROVE_SLOW", details: { ms: time }, places: [] }];
  return heldIf(!isRoot && !isPrivileged && causes.length === 0, { start: time }, causes);
};
