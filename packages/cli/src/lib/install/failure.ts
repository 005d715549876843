import { CliError, EXIT } from "../shared/cli-error.ts";
import { execute } from "../shared/execute.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";

/** How many lines of the journal an error shows. */
const JOURNAL_LINES = 8;

/** The error for units that did not start, with what systemd says of them. */
export async function startError(
  manager: ServiceManager,
  units: readonly string[],
  since: number,
  cause: unknown,
): Promise<CliError> {
  const shown = await manager.show(units, ["ActiveState", "Result"]);
  const failed = units.filter((_, index) => !["active", "reloading"].includes(shown[index]!.ActiveState));
  const lines = await journalOf(manager, failed, since);
  const first = failed[0] ?? units[0]!;
  const why = lines.length > 0 ? `\n${lines.map((line) => `  ${line}`).join("\n")}` : "";
  const message = `${first} did not start. What was changed has been put back.${why}`;
  return new CliError("ERR_INSTALL_START", message, await hintFor(manager, lines, first), {
    exitCode: EXIT.failed,
    cause,
  });
}

async function journalOf(
  manager: ServiceManager,
  units: readonly string[],
  since: number,
): Promise<string[]> {
  if (units.length === 0) return [];
  // Without --sync, the last lines may be missing. A user may not ask for it.
  if (!manager.user) await manager.runProgram("journalctl", "--sync");
  const { stdout } = await manager.runProgram(
    "journalctl",
    "--no-pager",
    "--quiet",
    "--output=cat",
    `--since=@${(since / 1000).toFixed(3)}`,
    ...units.map((unit) => `--unit=${unit}`),
  );
  return stdout
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .slice(-JOURNAL_LINES);
}

async function hintFor(manager: ServiceManager, lines: readonly string[], unit: string): Promise<string> {
  const journal = lines.join("\n");
  const address = /listening socket \((.*?)\): Address already in use/.exec(journal)?.[1];
  if (address !== undefined) return takenHint(manager, address);
  if (/listening socket \(.*\): Permission denied/.test(journal)) {
    return manager.user
      ? "Your own service manager may listen from port 1024 on. Choose such a port, or install without --user."
      : "See whether SELinux or AppArmor denies it: journalctl --dmesg --grep=denied";
  }
  if (/Cannot assign requested address/.test(journal))
    return "This machine does not have that address: ip address lists those that it has.";
  return `See more: ${manager.systemctl} status ${unit}; journalctl ${manager.user ? "--user " : ""}--unit=${unit}`;
}

async function takenHint(manager: ServiceManager, address: string): Promise<string> {
  const port = /:(\d+)$/.exec(address)?.[1];
  const filter = port === undefined ? ["--unix", `src ${address}`] : ["--tcp", `sport = :${port}`];
  const ended = await execute("ss", [
    "--listening",
    "--numeric",
    "--processes",
    "--no-header",
    ...filter,
  ]).catch(() => undefined);
  const [, program, pid] = /\(\("([^"]*)",pid=(\d+)/.exec(ended?.stdout ?? "") ?? [];
  const what = port === undefined ? address : `Port ${port}`;
  if (pid === undefined) return `${what} is in use. See by whom: sudo ss --listening --tcp --processes`;
  const unit = pid === "1" ? await socketUnitAt(manager, address, port) : await unitOf(pid);
  const where = unit === undefined ? "" : `, ${unit}`;
  const stop = unit === undefined ? "Stop it" : `Stop it (${manager.systemctl} disable --now ${unit})`;
  return `${what} is in use by ${program} (process ${pid}${where}). ${stop}, or choose another --listen.`;
}

/** Where systemd itself listens, it does so for a socket unit. */
async function socketUnitAt(
  manager: ServiceManager,
  address: string,
  port: string | undefined,
): Promise<string | undefined> {
  const { stdout } = await manager.run("list-sockets", "--plain", "--no-legend", "--full");
  const rows = stdout.split("\n").map((line) => line.trim().split(/\s+/));
  return rows.find(([listen = ""]) =>
    port === undefined ? listen === address : listen.endsWith(`:${port}`),
  )?.[1];
}

async function unitOf(pid: string): Promise<string | undefined> {
  const ended = await execute("ps", ["-o", "unit=", "-p", pid]).catch(() => undefined);
  const unit = ended?.stdout.trim();
  return unit === undefined || !unit.endsWith(".service") ? undefined : unit;
}
