import process from "node:process";
import { ActivationError } from "../shared/errors.ts";
import { placeOf } from "../shared/stack-frames.ts";
import { allDrains, emit } from "./app.ts";
import { stopState } from "./stopping.ts";

/** Reports an end of the process before the end of the drain. */
export function reportEarlyExit(): void {
  stopState.isEndEarly = true;
  process.once("exit", () => {
    const open = allDrains().reduce((sum, { connections }) => sum + connections.size, 0);
    if (stopState.isEndEarly && open > 0) emit({ type: "error", error: earlyExitError(open) });
  });
}

function earlyExitError(open: number): ActivationError {
  const caller = callerOfExit();
  return new ActivationError(
    "SOCKACT_ERR_EXIT_DRAINING",
    `The process ends while it drains, and cuts ${open} open connection${open === 1 ? "" : "s"}${caller === undefined ? "" : `. process.exit() was called at ${caller}`}`,
    "Set signals: 'first' (SOCKACT_SIGNALS=first): then your listeners of signals, and those of libraries, run when the last connection has ended. Or end the process in onStop.",
  );
}

/**
 * Where process.exit() was called. Undefined if the process ends in another way. Node emits `exit` in that
 * call.
 */
function callerOfExit(): string | undefined {
  const frames = (new Error().stack ?? "").split("\n");
  const at = frames.findIndex((frame) => /^ +at process\.exit /.test(frame));
  return at === -1 ? undefined : placeOf(frames[at + 1] ?? "");
}
