import { setTimeout as delay } from "node:timers/promises";
import { heldIf, type Step } from "../step.ts";

/** The message of journald that it has dropped lines of a unit: see sd-messages.h. */
const DROPPED = "a596d6fe7bfa4994828e72309e95d61e";
/** How long it is watched while nobody asks, in seconds. */
const WATCHED = 5;

/** Its lines fit into the journal: journald has dropped none. */
export const journal: Step = async (app) => {
  await app.request();
  const before = (await app.systemd.journal(app.service, "service")).length;
  await delay(WATCHED * 1000);
  const after = (await app.systemd.journal(app.service, "service")).length;
  const dropped = await app.systemd.mustRun([
    "journalctl",
    "--no-pager",
    "--quiet",
    "--output=cat",
    `MESSAGE_ID=${DROPPED}`,
  ]);
  const isComplete = !dropped.includes(app.service);
  return heldIf(
    isComplete,
    { lines: ((after - before) * 60) / WATCHED },
    isComplete ? [] : [{ code: "SOCKACT_PROVE_LINES", details: {}, places: [] }],
  );
};
