import { closeSync, constants, openSync, writeSync } from "node:fs";
import process from "node:process";
import { processState } from "../shared/process-state.ts";

const result = processState("reload result", {
  /** The line that could not be delivered yet. */
  pending: undefined as string | undefined,
});

/**
 * Writes the result of a handover into the FIFO that ExecReload= of the unit reads from, because no message of sd_notify(3) says that a reload has failed.
 * Until systemd 257, the command of ExecReload= starts together with SIGHUP, so the FIFO may not be there yet. Then the result is kept for the SIGHUP that
 * this command sends.
 */
export function reportResult(line: string): void {
  result.pending = process.env["SOCKACT_RELOAD_RESULT"] === undefined ? undefined : line;
  reportPendingResult();
}

/** Writes a result that could not be written before. Returns whether it was written. */
export function reportPendingResult(): boolean {
  const path = process.env["SOCKACT_RELOAD_RESULT"];
  if (path === undefined || result.pending === undefined) return false;
  try {
    // Without a reader, this fails (ENXIO) instead of waiting for one: fifo(7).
    const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      writeSync(fd, `${result.pending.replaceAll("\n", " ")}\n`);
    } finally {
      closeSync(fd);
    }
    result.pending = undefined;
    return true;
  } catch {
    return false;
  }
}
