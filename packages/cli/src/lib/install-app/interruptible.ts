import { type Progress, progress } from "../output/progress.ts";
import { untilSignal } from "../shared/until-signal.ts";

/**
 * Runs an action and shows its progress. Meanwhile, Ctrl-C, SIGTERM and SIGHUP abort its signal instead of
 * ending the process.
 */
export async function interruptible<Result>(
  title: string,
  action: (shown: Progress, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  return untilSignal(async (signal) => {
    const shown = progress(title);
    try {
      return await action(shown, signal);
    } catch (error) {
      shown.failed();
      throw error;
    }
  });
}
