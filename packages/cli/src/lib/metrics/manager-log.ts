import { CliError } from "../shared/cli-error.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";

/** The problem if systemd does not log to the journal what it does with its units. */
export async function managerLogProblem(manager: ServiceManager): Promise<CliError | undefined> {
  const shown = await manager.mustRun("show", "--property=LogTarget,LogLevel");
  const [target, level] = ["LogTarget", "LogLevel"].map(
    (name) => new RegExp(`^${name}=(.*)$`, "m").exec(shown)?.[1],
  );
  // journald gets the other targets without the fields. Before systemd 256, a user's manager may say nothing.
  const isRead = target === undefined || /^(?:auto|journal.*)$/.test(target);
  if (isRead && (level === undefined || /^(?:info|debug)$/.test(level))) return undefined;
  return new CliError(
    "SOCKACT_ERR_MANAGER_LOG",
    `systemd does not log to the journal that it starts and stops units, so the counters stay 0 (LogTarget=${target}, LogLevel=${level})`,
    `Change that until the next boot, and write the two into system.conf:\n  ${manager.systemctl} log-target journal-or-kmsg\n  ${manager.systemctl} log-level info`,
  );
}
