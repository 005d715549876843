import process from "node:process";
import { type Progress, progress } from "../output/progress.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs an action and shows its progress. Until it ends, Ctrl-C, SIGTERM and SIGHUP abort its signal instead
 * of ending the process.
 */
export async function interruptible<Result>(
  title: string,
  action: (shown: Progress, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const abort = (name: NodeJS.Signals) => controller.abort(name);
  for (const name of signals) process.on(name, abort);
  const shown = progress(title);
  try {
    return await action(shown, controller.signal);
  } catch (error) {
    shown.failed();
    throw error;
  } finally {
    for (const name of signals) process.off(name, abort);
  }
}
