import { showEntries } from "../output/log-lines.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { ownCommand, serviceCommand } from "../shared/own-command.ts";
import type { JournalEntry } from "../systemd/journal.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";

/** The error for a unit that systemd can't reload. */
export function noReloadError(unit: string, type: string, name: string, user: boolean): CliError {
  return new CliError(
    "SOCKACT_ERR_RELOAD",
    `${unit} has no way to reload (Type=${type})`,
    `If the app has handover or onReload, write Type=notify-reload (systemd 253) into the unit.\nFor any other app, write ExecReload=.\nTo run new code, restart it: ${serviceCommand("restart", name, user)}`,
    { exitCode: EXIT.failed },
  );
}

/** Where to read the reason. The lines of the app are on the terminal already. */
function reasonText(name: string, user: boolean, lines: readonly JournalEntry[]): string {
  return lines.length > 0
    ? "The lines above have the reason."
    : `Its log has the reason: ${serviceCommand("logs", name, user)}.`;
}

/** The error for an app whose `onReload` has failed. */
export function settingsError(name: string, user: boolean, lines: readonly JournalEntry[]): CliError {
  return new CliError(
    "SOCKACT_ERR_RELOAD",
    `${name} could not reload, and keeps running with its old settings`,
    `${reasonText(name, user, lines)} Correct it, and reload again.`,
    { exitCode: EXIT.failed },
  );
}

/** Finds the code of a failed handover in a line of the app. */
export const handoverCode = /\b(SOCKACT_ERR_HANDOVER_[A-Z]+): /;

/** The error for a new version that the old process could not hand over to. It has the code that the app has logged. */
export function handoverError(name: string, user: boolean, lines: readonly JournalEntry[]): CliError {
  const codes = lines.map(({ message }) => handoverCode.exec(message)?.[1]);
  const code = codes.findLast((each) => each !== undefined) as `SOCKACT_ERR_HANDOVER_${string}` | undefined;
  const more = code === undefined ? "" : `\nMore about it: ${ownCommand()} explain ${code}`;
  return new CliError(
    code ?? "SOCKACT_ERR_RELOAD",
    `the handover of ${name} failed, and the old version keeps serving`,
    `${reasonText(name, user, lines)} Correct it, and reload again.${more}`,
    { exitCode: EXIT.failed },
  );
}

/** The error for a reload that systemd reports as failed, such as by an ExecReload= that fails. */
export async function jobError(
  manager: ServiceManager,
  name: string,
  units: readonly string[],
  entries: readonly JournalEntry[],
): Promise<CliError> {
  const states = await manager.show(units, ["Id", "ReloadResult", "ActiveState"]);
  const failed = states.find(({ ReloadResult }) => ReloadResult !== "success") ?? states[0]!;
  showEntries(entries.filter(({ from }) => from === "systemd"));
  const keeps =
    failed.ActiveState === "active" ? `${failed.Id} keeps running` : `${failed.Id} is ${failed.ActiveState}`;
  return new CliError(
    "SOCKACT_ERR_RELOAD",
    `${name} did not reload: ${failed.ReloadResult}. ${keeps}`,
    `See more of its log: ${serviceCommand("logs", name, manager.user)}. To restart it: ${serviceCommand("restart", name, manager.user)}`,
    { exitCode: EXIT.failed },
  );
}
