import { sentence } from "@sockact/shared/texts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { RollingError } from "../change/roll-error.ts";
import { execute } from "../shared/execute.ts";
import { read } from "../shared/proc.ts";
import {
  type JournalEntry,
  messageOf,
  readFields,
  readJournal,
  syncJournal,
  unitMatches,
} from "../systemd/journal.ts";
import { inOrder, linesWithoutUnit } from "../systemd/lines-without-unit.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { serves } from "../systemd/unit-state.ts";
import { writingHints } from "../systemd/writing-hints.ts";
import {
  IN_USE,
  LISTEN_FAILED,
  NOT_PERMITTED,
  NO_SUCH_ADDRESS,
  REASON_ELSEWHERE,
} from "../printed/systemd.ts";
import { rowsOf } from "./units.ts";

/** How many journal lines an error shows. */
const JOURNAL_LINES = 8;

/** The error for units that did not start, with systemd's lines about them. */
export async function startError(
  manager: ServiceManager,
  units: readonly string[],
  since: number,
  cause: unknown,
): Promise<CliError> {
  if (cause instanceof RollingError) {
    const message = [
      sentence(cause.message),
      ...cause.journal.slice(-JOURNAL_LINES).map((line) => `  ${line}`),
    ];
    const service = units.find((unit) => unit.endsWith(".service"))!;
    const hints = [cause.hint, ...(await writingHints(manager, service, cause.journal))];
    return new CliError("SOCKACT_ERR_INSTALL_START", message.join("\n"), hints.join("\n"), {
      exitCode: EXIT.failed,
      cause,
    });
  }
  const shown = await manager.show(units, ["ActiveState"]);
  const failed = units.filter((_, index) => !serves(shown[index]!));
  const first = failed[0] ?? units[0]!;
  const lines = await whyNotStarted(manager, failed, since);
  const message = [`${first} did not start.`, ...lines.map((line) => `  ${line}`)].join("\n");
  const hint = await hintFor(manager, lines, failed.length > 0 ? failed : [first]);
  return new CliError("SOCKACT_ERR_INSTALL_START", message, hint, { exitCode: EXIT.failed, cause });
}

/** The lines of an app that failed, or systemd's lines about a socket. */
export async function whyNotStarted(
  manager: ServiceManager,
  units: readonly string[],
  since: number,
): Promise<string[]> {
  const sockets = units.filter((unit) => unit.endsWith(".socket"));
  if (sockets.length > 0 || units.length === 0) return journalOf(manager, sockets, since);
  return appOutput(manager, units, since);
}

/** How many lines of an app to show. */
const APP_LINES = 12;

/**
 * The output of an app's first process since then, or systemd's lines about its units if there is none.
 * systemd may have started the app several times, with the same reason each time.
 *
 * @param since milliseconds since 1970
 */
export async function appOutput(
  manager: ServiceManager,
  units: readonly string[],
  since: number,
): Promise<string[]> {
  await syncJournal(manager);
  const [journal, others] = await Promise.all([
    readJournal(manager, units, { since }),
    linesWithoutUnit(manager, units, since),
  ]);
  const entries = withoutOldProcess(inOrder(journal.entries, others));
  const first = entries.find(({ from }) => from === "app");
  const said =
    first === undefined ? entries : entries.filter(({ from, pid }) => from === "app" && pid === first.pid);
  const lines = said
    .map(({ message }) => message)
    .filter((message) => message !== "" && !/^\s+at .*node:internal/.test(message));
  // systemd logs the same lines at each start.
  return (first === undefined ? [...new Set(lines)] : lines).slice(0, APP_LINES);
}

/** Removes the lines of the process before a restart, such as those about draining. */
function withoutOldProcess(entries: JournalEntry[]): JournalEntry[] {
  const said = (pattern: RegExp) =>
    entries.findIndex(({ from, message }) => from === "systemd" && pattern.test(message));
  const stopped = said(/^Stopped /);
  const starting = said(/^Start(?:ing|ed) /);
  return starting === -1 || stopped < starting ? entries.slice(stopped + 1) : entries;
}

async function journalOf(
  manager: ServiceManager,
  units: readonly string[],
  since: number,
): Promise<string[]> {
  if (units.length === 0) return [];
  // Without --sync, the last lines may be missing. Only root may use it.
  if (!manager.user) await syncJournal(manager);
  // systemd opens a socket in a separate process.
  const matches = units.flatMap((unit) => ["+", ...unitMatches(manager, unit)]).slice(1);
  const options = [...(manager.user ? ["--user"] : []), `--since=@${(since / 1000).toFixed(3)}`];
  const { found } = await readFields(manager, [...options, ...matches]);
  const lines = found
    .flatMap((fields) => messageOf(fields)?.split("\n") ?? [])
    .filter((line) => line.trim() !== "");
  return lines.slice(-JOURNAL_LINES);
}

async function hintFor(
  manager: ServiceManager,
  lines: readonly string[],
  failed: readonly string[],
): Promise<string> {
  const [unit] = failed;
  const refused = lines.flatMap((line) => {
    const [, address = "", reason = ""] = LISTEN_FAILED.exec(line) ?? [];
    return reason === "" ? [] : [{ address, reason }];
  });
  const inUse = refused.find(({ reason }) => [IN_USE, REASON_ELSEWHERE].includes(reason));
  const hint = inUse ? await takenHint(manager, inUse.address, failed) : undefined;
  if (hint !== undefined) return hint;
  if (refused.some(({ reason }) => reason === NOT_PERMITTED)) {
    return manager.user
      ? "Your own service manager may listen from port 1024 on. Choose such a port, or install without --user."
      : "SELinux or AppArmor may deny it: journalctl --dmesg --grep=denied";
  }
  if (lines.some((line) => line.includes(NO_SUCH_ADDRESS)))
    return "This machine does not have that address. The command ip address lists its addresses.";
  // systemctl status shows nothing about a unit that the undo has removed.
  const more = `See more: journalctl ${manager.user ? "--user " : ""}--unit=${unit}`;
  return [more, ...(await writingHints(manager, unit!, lines))].join("\n");
}

/** The hint with the process that uses an address, or undefined. */
async function takenHint(
  manager: ServiceManager,
  address: string,
  failed: readonly string[],
): Promise<string | undefined> {
  const port = /:(\d+)$/.exec(address)?.[1];
  const what = port === undefined ? address : `Port ${port}`;
  // The service has the socket open too, but systemd keeps listening if the service is stopped.
  const socket = await socketUnitAt(manager, address, failed);
  if (socket !== undefined) {
    const { systemctl } = manager;
    const [{ Triggers = "" } = {}] = await manager.show([socket], ["Id", "Triggers"]);
    const stop = `${systemctl} disable --now ${socket}${Triggers && ` && ${systemctl} stop ${Triggers}`}`;
    return `${what} is in use by ${socket}. Stop it (${stop}), or choose another --listen.`;
  }
  const filter = port === undefined ? ["--unix", `src ${address}`] : ["--tcp", "--udp", `sport = :${port}`];
  const options = ["--listening", "--numeric", "--processes", "--no-header"];
  const ended = await execute("ss", [...options, ...filter]).catch(() => undefined);
  if (ended?.stdout.trim() === "") return undefined;
  const [, program, pid] = /\(\("(.*)",pid=(\d+)/.exec(ended?.stdout ?? "") ?? [];
  if (pid === undefined)
    return `${what} is in use. To see the process: sudo ss --listening --tcp --processes`;
  const unit = /\/([^/\n]+\.service)(?:\/[^\n]*)?$/m.exec(read(`/proc/${pid}/cgroup`))?.[1];
  const where = unit === undefined ? "" : `, ${unit}`;
  const stop = unit === undefined ? "Stop it" : `Stop it (${manager.systemctl} disable --now ${unit})`;
  return `${what} is in use by ${program} (process ${pid}${where}). ${stop}, or choose another --listen.`;
}

/** The socket unit of an address. */
async function socketUnitAt(
  manager: ServiceManager,
  address: string,
  failed: readonly string[],
): Promise<string | undefined> {
  const { stdout } = await manager.run("list-sockets", "--plain", "--no-legend", "--full");
  const port = /:\d+$/.exec(address)?.[0];
  const isAt = (listen = "") => (port === undefined ? listen === address : listen.endsWith(port));
  return rowsOf(stdout).find(([listen, unit = ""]) => isAt(listen) && !failed.includes(unit))?.[1];
}
