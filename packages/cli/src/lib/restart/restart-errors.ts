import { CliError, EXIT } from "../shared/cli-error.ts";
import { serviceCommand } from "../shared/own-command.ts";
import { unitWords } from "../shared/shell-words.ts";

const systemctlOf = (user: boolean): string => (user ? "systemctl --user" : "systemctl");

/** The error for a service that was stopped: it does not run, and its sockets do not listen. */
export function stoppedError(name: string, sockets: readonly string[], user: boolean): CliError {
  return new CliError(
    "SOCKACT_ERR_RESTART",
    `${name} is stopped: it does not run, and no socket listens`,
    `Let its sockets listen: ${systemctlOf(user)} enable --now ${unitWords(sockets)}`,
    { exitCode: EXIT.failed },
  );
}

/** The error for a unit whose file on disk systemd has not loaded. */
export function unitError(unit: string, what: string, fix: string): CliError {
  return new CliError("SOCKACT_ERR_RESTART", `${unit} ${what}`, fix, { exitCode: EXIT.failed });
}

/** The state after a failed start. */
interface FailedStart {
  name: string;
  unit: string;
  user: boolean;
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
export function startError({ name, unit, user, wasUp, end, isRetried, closed }: FailedStart): CliError {
  const again = serviceCommand("restart", name, user);
  const clients =
    closed.length > 0
      ? `Clients are refused, because ${closed.join(" and ")} does not listen`
      : `Clients wait in the socket's queue${isRetried ? ", and systemd tries again" : ""}`;
  return new CliError(
    "SOCKACT_ERR_RESTART",
    `${unit} did not start: ${end}. ${clients}`,
    wasUp
      ? `The old process has exited, so no version serves now.\nCorrect the app, or put its earlier version back, and run ${again} again.\nWith a handover or a rolling restart, the old process would serve until the new one is ready.`
      : `Correct the app, and run ${again} again.`,
    { exitCode: EXIT.failed },
  );
}
