import { closeSync, constants, openSync, writeSync } from "node:fs";
import process from "node:process";
import { processState } from "../shared/process-state.ts";
import { now } from "../shared/timers.ts";

const result = processState("reload result", {
  /** The line that could not be written yet, and when the handover had it, on the clock of now(). */
  pending: undefined as { line: string; since: number } | undefined,
});

/** How long the command of ExecReload= may take to create its file, in milliseconds. After that, nothing waits for the result. */
const PENDING_MS = 2000;

/** Whether the command of ExecReload= reads the results of handovers. */
export function isResultExpected(): boolean {
  return process.env["SOCKACT_RELOAD_RESULT"] !== undefined;
}

/**
 * Writes the result of a handover into the file that the command of ExecReload= waits for, because no message of sd_notify(3) says that a reload has failed.
 * With `Type=notify-reload`, systemd until version 257 starts that command together with SIGHUP, so the file may not exist yet. Then the result is kept for the
 * SIGHUP that the command sends.
 */
export function reportResult(line: string): void {
  result.pending = { line: line.replaceAll("\n", " "), since: now() };
  reportPendingResult();
}

/** Writes a result that could not be written before. Returns whether it was written. */
export function reportPendingResult(): boolean {
  const path = process.env["SOCKACT_RELOAD_RESULT"];
  const { pending } = result;
  if (path === undefined || pending === undefined || now() - pending.since > PENDING_MS) return false;
  try {
    // It may be a FIFO, where this fails (ENXIO) instead of waiting if there is no reader: fifo(7).
    const { O_WRONLY, O_TRUNC, O_NONBLOCK, O_NOFOLLOW } = constants;
    const fd = openSync(path, O_WRONLY | O_TRUNC | O_NONBLOCK | O_NOFOLLOW);
    try {
      writeSync(fd, `${pending.line}\n`);
    } finally {
      closeSync(fd);
    }
    result.pending = undefined;
    return true;
  } catch {
    return false;
  }
}
