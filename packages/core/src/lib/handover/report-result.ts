import { closeSync, constants, openSync, writeSync } from "node:fs";
import { emit } from "../lifecycle/app.ts";
import { reloadResultPath } from "../shared/start.ts";

/** Whether the command of ExecReload= reads the results of handovers. */
export function isResultExpected(): boolean {
  return reloadResultPath() !== undefined;
}

/**
 * Writes the result of a handover into the file that the command of ExecReload= waits for, because no message
 * of sd_notify(3) says that a reload has failed. Without the file, no command waits. With
 * `Type=notify-reload`, systemd until version 257 sends SIGHUP while that command starts, so the handover may
 * end before the file exists. Then the command sends SIGHUP too. A process that has handed over reports that
 * again. After a failure, another handover starts: a process can't know whether the signal belongs to the
 * same reload, and a later reload needs its own result.
 */
export function reportResult(line: string): void {
  const path = reloadResultPath();
  if (path === undefined) return;
  try {
    // It may be a FIFO, where this fails (ENXIO) instead of waiting if nobody reads it: fifo(7).
    const fd = openSync(path, constants.O_WRONLY | constants.O_TRUNC | constants.O_NONBLOCK);
    try {
      writeSync(fd, `${line.replaceAll("\n", " ")}\n`);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    // Without a file or a reader, no command waits. After any other error, the command waits until systemd
    // ends it.
    if (!["ENOENT", "ENXIO"].includes((error as NodeJS.ErrnoException).code ?? ""))
      emit({ type: "error", error });
  }
}
