import process from "node:process";

/**
 * Whether systemd has started the process with this pid. Before version 248, systemd does not say which
 * process it has started: then this is true if it may be this one.
 */
export function isStartedBySystemd(pid: number): boolean {
  const { SYSTEMD_EXEC_PID, INVOCATION_ID } = process.env;
  return SYSTEMD_EXEC_PID === undefined ? INVOCATION_ID !== undefined : SYSTEMD_EXEC_PID === String(pid);
}
