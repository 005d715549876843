import { closeSync, constants, openSync, writeSync } from "node:fs";
import { emit } from "../lifecycle/app.ts";
import { reloadResultPath } from "../shared/start.ts";

/** Whether the command of ExecReload= reads the results of handovers. */
export function isResultExpected(): boolean {
  return reloadResultPath() !== undefined;
}

/**
 * Writes the result of a handover into the file that the command of ExecReload= waits for, because
 * sd_notify(3) has no message for a failed reload. Without the file, no command waits. With
 * `Type=notify-reload`, systemd 257 and older send SIGHUP while that command starts, so the handover may end
 * before the file exists. The command then sends SIGHUP too. After a successful handover, the process reports
 * that again. After a failure, another handover starts: the signal may belong to a later reload, which needs
 * its own result.
 */
export function reportResult(line: string): void {
  const path = reloadResultPath();
  if (path === undefined) return;
  try {
    // It may be a FIFO, for which this fails (ENXIO) instead of blocking without a reader: fifo(7).
    const fd = openSync(path, constants.O_WRONLY | constants.O_TRUNC | constants.O_NONBLOCK);
    try {
      writeSync(fd, `${line.replaceAll("\n", " ")}\n`);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    // Without a file or reader, no command waits. After any other error, the command waits until systemd ends
    // it.
    if (!["ENOENT", "ENXIO"].includes((error as NodeJS.ErrnoException).code ?? ""))
      emit({ type: "error", error });
  }
}
