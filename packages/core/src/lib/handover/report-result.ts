import { closeSync, constants, openSync, writeSync } from "node:fs";
import process from "node:process";

/** Whether the command of ExecReload= reads the results of handovers. */
export function isResultExpected(): boolean {
  return process.env["SOCKACT_RELOAD_RESULT"] !== undefined;
}

/**
 * Writes the result of a handover into the file that the command of ExecReload= waits for, because no message of sd_notify(3) says that a reload has failed.
 * Without the file, nobody waits. With `Type=notify-reload`, systemd until version 257 sends SIGHUP before that command creates the file. If the handover fails
 * before that, the SIGHUP of the command starts another one.
 */
export function reportResult(line: string): void {
  const path = process.env["SOCKACT_RELOAD_RESULT"];
  if (path === undefined) return;
  try {
    // It may be a FIFO, where this fails (ENXIO) instead of waiting if there is no reader: fifo(7).
    const { O_WRONLY, O_TRUNC, O_NONBLOCK, O_NOFOLLOW } = constants;
    const fd = openSync(path, O_WRONLY | O_TRUNC | O_NONBLOCK | O_NOFOLLOW);
    try {
      writeSync(fd, `${line.replaceAll("\n", " ")}\n`);
    } finally {
      closeSync(fd);
    }
  } catch {
    // There is no file, or no reader.
  }
}
