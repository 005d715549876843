import process from "node:process";
import { rememberStart } from "../handover/command.ts";
import { endWhenServed } from "../lifecycle/end-when-served.ts";
import { prepareToSleep } from "../lifecycle/readiness.ts";
import { prepareToNotify } from "../lifecycle/service-manager.ts";
import type { Settings } from "../lifecycle/settings.ts";
import { load } from "../shared/load.ts";
import { answerProbes } from "./answer-probes.ts";

/**
 * Loads what these settings ask for, and what the service manager does, when the app says so. If that fails,
 * the app has the error where it called sockact. Later, files may have been replaced, or no descriptor may be
 * free: decisions/014.
 */
export function loadFeatures(settings: Settings): void {
  prepareToNotify();
  prepareToSleep(settings);
  if (settings.handover) rememberStart();
  if (settings.health !== false) load(answerProbes);
  // systemd sets it for Accept=yes.
  if (process.env["REMOTE_ADDR"] !== undefined) load(endWhenServed);
}
