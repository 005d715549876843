import { CliError, type CliErrorCode, EXIT } from "../shared/cli-error.ts";
import { ownCommand, serviceCommand } from "../shared/own-command.ts";
import { unitWords } from "../shared/shell-words.ts";
import type { ActivatedService } from "../systemd/activated-units.ts";
import { type ClosedSocket, closedText } from "../systemd/closed-addresses.ts";
import type { JournalEntry } from "../systemd/journal.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";

const failed = (code: CliErrorCode, message: string, hint: string): CliError =>
  new CliError(code, message, hint, { exitCode: EXIT.failed });

const restartFailed = (message: string, hint: string) => failed("SOCKACT_ERR_RESTART", message, hint);
const reloadFailed = (message: string, hint: string) => failed("SOCKACT_ERR_RELOAD", message, hint);

/** The hint that lets the sockets of a stopped service listen. */
const enableHint = (sockets: readonly string[], { systemctl }: ServiceManager): string =>
  `Let its sockets listen: ${systemctl} enable --now ${unitWords(sockets)}`;

const stoppedText = (name: string) => `${name} is stopped: it does not run, and no socket listens`;

/** The error for a service that was stopped: it does not run, and its sockets do not listen. */
export const stoppedError = (
  { name, sockets }: Pick<ActivatedService, "name" | "sockets">,
  manager: ServiceManager,
): CliError => restartFailed(stoppedText(name), enableHint(sockets, manager));

/** The error for a unit that systemd has not loaded. */
export const notLoadedError = (unit: string, state: string, { systemctl }: ServiceManager): CliError =>
  restartFailed(`${unit} is not loaded: ${state}`, `To see the reason: ${systemctl} status ${unit}`);

/** The error for a unit whose file on disk systemd has not read. */
export const notReadError = (unit: string, { systemctl }: ServiceManager): CliError =>
  restartFailed(
    `${unit} has changed on disk since systemd read it`,
    `Let systemd read it, then restart again: ${systemctl} daemon-reload`,
  );

/** The error for a socket of a pair that is active and does not listen: a rolling restart leaves the socket units alone. */
export const closedError = (closed: ClosedSocket, { systemctl }: ServiceManager): CliError =>
  restartFailed(
    closedText([closed]),
    `Open it again, which restarts its service too: ${systemctl} restart ${unitWords([closed.unit])}`,
  );

/** The state after a failed start. */
interface FailedStart {
  name: string;
  unit: string;
  /** Whether it ran before. */
  wasUp: boolean;
  /** How its process has ended. */
  end: string;
  /** Whether systemd starts it again by itself. */
  isRetried: boolean;
  /** The sockets that no longer listen. */
  closed: readonly string[];
}

/** The error for a new process that did not start. The old one has ended by then, so no version serves. */
export function startError(
  { name, unit, wasUp, end, isRetried, closed }: FailedStart,
  { user }: ServiceManager,
): CliError {
  const again = serviceCommand("restart", name, user);
  const clients =
    closed.length > 0
      ? `Clients are refused, because ${closed.join(" and ")} does not listen`
      : `Clients wait in the socket's queue${isRetried ? ", and systemd tries again" : ""}`;
  return restartFailed(
    `${unit} did not start: ${end}. ${clients}`,
    wasUp
      ? `The old process has exited, so no version serves now.\nCorrect the app, or put its earlier version back, and run ${again} again.\nWith a handover or a rolling restart, the old process would serve until the new one is ready.`
      : `Correct the app, and run ${again} again.`,
  );
}

/** Why there is nothing to reload, although no version serves. */
export type Unserved = "restarting" | "failed" | "not loaded" | "stopped";

/**
 * The error for a reload of a service that does not run, and that the next connection can't start. A deployment has failed, and nothing serves.
 *
 * @param closed whether it has a socket that is active and does not listen
 */
export function unservedError(
  state: Unserved,
  { name, sockets }: ActivatedService,
  closed: boolean,
  manager: ServiceManager,
): CliError {
  const command = (verb: string) => serviceCommand(verb, name, manager.user);
  const correct = `To see why: ${command("doctor")}\nCorrect the app, or put its earlier version back, and run ${command("restart")}.`;
  switch (state) {
    case "restarting":
      return reloadFailed(
        `${name} crashes again and again, so there is nothing to reload, and no version serves`,
        correct,
      );
    case "failed":
      return reloadFailed(
        `${name} has failed, so there is nothing to reload, and no version serves`,
        correct,
      );
    case "not loaded":
      return reloadFailed(
        `a unit of ${name} is not loaded, so no version serves`,
        `To see why: ${command("status")}`,
      );
    case "stopped":
      return reloadFailed(
        stoppedText(name),
        closed ? `Open its socket again: ${command("restart")}` : enableHint(sockets, manager),
      );
  }
}

/** The error for a unit that systemd can't reload. */
export function noReloadError(unit: string, type: string, name: string, { user }: ServiceManager): CliError {
  return reloadFailed(
    `${unit} has no way to reload (Type=${type})`,
    `If the app has handover or onReload, write Type=notify-reload (systemd 253) into the unit.\nFor any other app, write ExecReload=.\nTo run new code, restart it: ${serviceCommand("restart", name, user)}`,
  );
}

/** Where to read the reason. The lines of the app are on the terminal already. */
function reasonText(name: string, user: boolean, lines: readonly JournalEntry[]): string {
  return lines.length > 0
    ? "The lines above have the reason."
    : `Its log has the reason: ${serviceCommand("logs", name, user)}.`;
}

/** The error for an app whose `onReload` has failed. */
export function settingsError(
  name: string,
  lines: readonly JournalEntry[],
  { user }: ServiceManager,
): CliError {
  return reloadFailed(
    `${name} could not reload, and keeps running with its old settings`,
    `${reasonText(name, user, lines)} Correct it, and reload again.`,
  );
}

/** The error for a new version that the old process could not hand over to. It has the code that the app has logged. */
export function handoverError(
  name: string,
  code: HandoverCode | undefined,
  lines: readonly JournalEntry[],
  { user }: ServiceManager,
): CliError {
  const more = code === undefined ? "" : `\nMore about it: ${ownCommand()} explain ${code}`;
  return failed(
    code ?? "SOCKACT_ERR_RELOAD",
    `the handover of ${name} failed, and the old version keeps serving`,
    `${reasonText(name, user, lines)} Correct it, and reload again.${more}`,
  );
}

/** The code of a failed handover, which the app logs. */
export type HandoverCode = `SOCKACT_ERR_HANDOVER_${string}`;

/** The error for a reload that systemd reports as failed, such as by an ExecReload= that fails. */
export function jobError(
  name: string,
  { Id, ActiveState, ReloadResult }: Record<"Id" | "ActiveState" | "ReloadResult", string>,
  { user }: ServiceManager,
): CliError {
  const keeps = ActiveState === "active" ? `${Id} keeps running` : `${Id} is ${ActiveState}`;
  return reloadFailed(
    `${name} did not reload: ${ReloadResult}. ${keeps}`,
    `See more of its log: ${serviceCommand("logs", name, user)}. To restart it: ${serviceCommand("restart", name, user)}`,
  );
}
