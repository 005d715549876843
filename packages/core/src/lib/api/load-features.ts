import process from "node:process";
import { answerWaiting } from "../lifecycle/answer-waiting.ts";
import { rememberStart } from "../handover/command.ts";
import { endWhenServed } from "../lifecycle/end-when-served.ts";
import { prepareToSleep } from "../lifecycle/readiness.ts";
import { prepareToNotify } from "../lifecycle/service-manager.ts";
import type { Settings } from "../lifecycle/settings.ts";
import { isVariableSet } from "../shared/environment-options.ts";
import { load } from "../shared/load.ts";
import { answerProbes } from "./answer-probes.ts";

/**
 * Loads the code that these settings and the service manager ask for, at the start. Loading can fail later,
 * when files have been replaced or no descriptor is free: decisions/014.
 */
export function loadFeatures(settings: Settings): void {
  prepareToNotify();
  prepareToSleep(settings);
  if (settings.handover) rememberStart();
  if (settings.health !== false) load(answerProbes);
  if (isVariableSet("trustProxy")) load(answerWaiting);
  // systemd sets it for Accept=yes.
  if (process.env["REMOTE_ADDR"] !== undefined) load(endWhenServed);
}
