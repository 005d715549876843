import process from "node:process";

/**
 * Whether systemd started the process with this ID. Before version 248, systemd does not report the ID, and
 * this is true if it may be this process.
 */
export function isStartedBySystemd(pid: number): boolean {
  const { SYSTEMD_EXEC_PID, INVOCATION_ID } = process.env;
  return SYSTEMD_EXEC_PID === undefined ? INVOCATION_ID !== undefined : SYSTEMD_EXEC_PID === String(pid);
}
