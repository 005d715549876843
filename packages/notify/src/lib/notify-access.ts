import { execFile } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { promisify } from "node:util";
import { serviceOfProcess } from "./service-of-process.ts";
import { areAllHeard, notifyAccessInFiles } from "./unit-files.ts";

/**
 * Whether the service manager accepts messages from a child process. `unknown` if neither the manager nor the
 * unit files answer that.
 */
export type Access =
  | { allowed: true }
  | { allowed: false; unit: string; notifyAccess: string; mainPid: number | undefined }
  | { allowed: "unknown"; reason: string };

const CAP_SYS_ADMIN = 21n;

/**
 * Reads NotifyAccess= (systemd.service(5)) of this unit over D-Bus. D-Bus rejects users that it can't look
 * up, such as those of DynamicUser= if nsswitch.conf(5) does not list systemd. In that case, this reads the
 * unit files.
 */
export async function readNotifyAccess(socket: string): Promise<Access> {
  const [, user] = /^\/run\/(user\/\d+\/)?systemd\/notify$/.exec(socket) ?? [undefined, null];
  if (user === null)
    return { allowed: "unknown", reason: `NOTIFY_SOCKET is ${socket}, which is not a systemd socket` };
  const unit = serviceOfProcess()?.name;
  if (unit === undefined)
    return { allowed: "unknown", reason: "the cgroup of this process does not belong to a service" };
  try {
    const ask = ["show", "--property=NotifyAccess", "--property=MainPID", "--", unit];
    const manager = user === undefined ? [] : ["--user"];
    const { stdout } = await promisify(execFile)("systemctl", [...manager, ...ask], { timeout: 5000 });
    const notifyAccess = /^NotifyAccess=(\w+)$/m.exec(stdout)?.[1] ?? "none";
    const mainPid = Number(/^MainPID=(\d+)$/m.exec(stdout)?.[1]);
    const allowed = notifyAccess === "all" || (mainPid === process.pid && canSpeakForAnother());
    return allowed ? { allowed } : { allowed, unit, notifyAccess, mainPid };
  } catch (error) {
    // With NOTIFY_SOCKET, every NotifyAccess= accepts messages from the main process. For SYSTEMD_EXEC_PID,
    // see systemd.exec(5).
    if (process.env["SYSTEMD_EXEC_PID"] === String(process.pid) && canSpeakForAnother())
      return { allowed: true };
    if (user === undefined && areAllHeard(unit)) return { allowed: true };
    const notifyAccess = user === undefined ? refusedByUnitFiles(unit) : undefined;
    return notifyAccess === undefined
      ? { allowed: "unknown", reason: (error as Error).message.trim() }
      : { allowed: false, unit, notifyAccess, mainPid: undefined };
  }
}

/** The NotifyAccess= in the files of a unit, if none of the files allows messages from child processes. */
function refusedByUnitFiles(unit: string): string | undefined {
  const values = notifyAccessInFiles(unit);
  if (values === undefined || values.includes("all") || canSpeakForAnother()) return undefined;
  // With `none`, systemd would not set NOTIFY_SOCKET. Type=notify and WatchdogSec= imply `main`.
  return values.at(-1) ?? "main";
}

/** Whether a child process may name its parent as the sender, as systemd-notify does. That needs root. */
function canSpeakForAnother(): boolean {
  try {
    const capabilities = /^CapEff:\s*(\w+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    const [own, init] = ["self", "1"].map((pid) => readlinkSync(`/proc/${pid}/ns/user`));
    // With PrivateUsers=, the capabilities belong to another user namespace.
    return own === init && ((BigInt(`0x${capabilities}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
  } catch {
    return false;
  }
}
