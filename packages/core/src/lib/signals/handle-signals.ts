import process from "node:process";
import { replaceListeners } from "../shared/process-events.ts";
import { once } from "../shared/process-state.ts";
import { rememberDirectory } from "../handover/command.ts";
import { handOver, isHandoverAsked } from "../handover/hand-over.ts";
import type { App } from "../lifecycle/app.ts";
import { reload } from "../lifecycle/reload.ts";
import { isNotifyExpected } from "../lifecycle/service-manager.ts";
import type { Settings } from "../lifecycle/settings.ts";
import { handleSignal } from "../lifecycle/stop-at-signal.ts";

const DEFAULT_SIGNALS: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT"];

/** Handles the signals of an app from now on: they drain the servers and end the process. SIGHUP reloads the app, or hands over to a new process. */
export function handleSignals({ settings, activated }: App): void {
  const { signals: asked = activated } = settings;
  const wanted = asked === true ? DEFAULT_SIGNALS : asked || [];
  for (const signal of wanted) handleSignal(signal);
  if (settings.signals !== false && !wanted.includes("SIGHUP")) handleReload(settings);
}

/**
 * Makes SIGHUP reload the app from now on, also an app without `onReload`, because systemd does not know whether there is one. If no service manager waits for
 * messages, SIGHUP still ends an app without `onReload`, as in Node. With `handover`, no other listener of SIGHUP runs.
 */
function handleReload({ onReload, notify, handover }: Settings): void {
  if (handover) {
    once("hand over at SIGHUP", () => {
      rememberDirectory();
      // Many libraries end the process at SIGHUP.
      replaceListeners("SIGHUP", () => void handOver());
    });
    return;
  }
  if (onReload === undefined && !(notify && isNotifyExpected())) return;
  // In a cluster, the primary learns from its workers that it hands over.
  once("handle SIGHUP", () => process.on("SIGHUP", () => void (isHandoverAsked() ? handOver() : reload())));
}
