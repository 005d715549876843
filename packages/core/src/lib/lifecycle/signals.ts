import process from "node:process";
import { once } from "../shared/process-state.ts";
import type { App } from "./app.ts";
import { reload } from "./reload.ts";
import { isNotifyExpected } from "./service-manager.ts";
import type { Settings } from "./settings.ts";
import { handleSignal } from "./stop-at-signal.ts";

const DEFAULT_SIGNALS: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT"];

/** Makes the signals of an app drain and end the process from now on, and SIGHUP reload it. */
export function handleSignals({ settings, activated }: App): void {
  const { signals: asked = activated } = settings;
  const wanted = asked === true ? DEFAULT_SIGNALS : asked || [];
  for (const signal of wanted) handleSignal(signal);
  if (settings.signals !== false && !wanted.includes("SIGHUP")) handleReload(settings);
}

/**
 * Makes SIGHUP reload from now on. An app without `onReload` does so too, since systemd does not know whether there is one. But Node's own SIGHUP stays
 * where no service manager waits for messages.
 */
function handleReload({ onReload, notify }: Settings): void {
  if (onReload === undefined && !(notify && isNotifyExpected())) return;
  once("handle SIGHUP", () => process.on("SIGHUP", () => void reload()));
}
