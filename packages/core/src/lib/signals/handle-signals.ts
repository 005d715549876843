import cluster from "node:cluster";
import process from "node:process";
import { replaceListeners } from "../shared/process-events.ts";
// Records how the process was started.
import "../shared/start.ts";
import { once } from "../shared/process-state.ts";
import { rememberStart } from "../handover/command.ts";
import { handOver } from "../handover/hand-over.ts";
import type { App } from "../lifecycle/app.ts";
import { reload } from "../lifecycle/reload.ts";
import { isNotifyExpected } from "../lifecycle/service-manager.ts";
import { handleSignal, holdListeners } from "../lifecycle/stop-at-signal.ts";

const DEFAULT_SIGNALS: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT"];

/**
 * Starts to handle the signals of an app: they drain the servers and end the process. SIGHUP reloads the app,
 * or hands over to a new process.
 */
export function handleSignals(app: App): void {
  const { settings, activated } = app;
  const { signals: asked = activated } = settings;
  const wanted = asked === true || asked === "first" ? DEFAULT_SIGNALS : asked || [];
  for (const signal of wanted) handleSignal(signal);
  if (asked === "first") holdListeners();
  if (settings.signals !== false && !wanted.includes("SIGHUP")) handleReload(app);
}

/**
 * Makes SIGHUP reload the app, even without `onReload`, because systemd does not know whether there is one.
 * If no service manager expects messages, SIGHUP still ends an app without `onReload`, as in Node. With
 * `handover`, no other listener of SIGHUP runs.
 */
function handleReload({ settings: { onReload, notify, handover }, activated }: App): void {
  if (handover && activated) {
    once("hand over at SIGHUP", () => {
      rememberStart();
      // Many libraries end the process on SIGHUP. In a cluster, the primary hands over.
      replaceListeners("SIGHUP", () => void (cluster.isPrimary && handOver()));
    });
    return;
  }
  if (onReload === undefined && !(notify && isNotifyExpected())) return;
  once("handle SIGHUP", () => process.on("SIGHUP", () => void reload()));
}
