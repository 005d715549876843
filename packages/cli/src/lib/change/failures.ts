import { FAILED_START_STATUS } from "@sockact/shared/unavailable";
import { CliError, type CliErrorCode, EXIT } from "../shared/cli-error.ts";
import { ownCommand, serviceCommand } from "../shared/own-command.ts";
import { unitWords } from "../shared/shell-words.ts";
import type { ActivatedService } from "../systemd/activated-units.ts";
import { type ClosedSocket, closedText } from "../systemd/closed-addresses.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { type MissingFile, missingFilesText } from "../systemd/start-files.ts";
import type { ServiceState } from "../systemd/unit-state.ts";

/** The code of a failed handover, which the app logs. */
export type HandoverCode = `SOCKACT_ERR_HANDOVER_${string}`;

/** How the process of a failed start ended, according to systemd. */
interface FailedStart {
  unit: string;
  /** `exited` and its exit status, or another code and the signal. */
  exit: { code: string; status: string };
  result: string;
  /** Whether the service ran before. */
  wasUp: boolean;
  /** Whether a reload would start the new process first. */
  hasHandover: boolean;
  /** Whether systemd starts it again. */
  isRetried: boolean;
  /** Whether the app tells visitors who wait that it did not start. */
  isBehindProxy: boolean;
  /** The sockets that no longer listen. */
  closed: readonly string[];
  /** More hints, from its output. */
  hints: readonly string[];
}

/** What the app answers as long as it does not start. */
const PAGE = "Visitors get a page with the status 503";

const failed = (code: CliErrorCode, message: string, hint: string): CliError =>
  new CliError(code, message, hint, { exitCode: EXIT.failed });

/** Returns the errors of a restart of this service. */
export function restartFailures({ name, sockets }: ActivatedService, { user, systemctl }: ServiceManager) {
  const fail = (message: string, hint: string) => failed("SOCKACT_ERR_RESTART", message, hint);
  return {
    /** It does not run, and its sockets do not listen. */
    stopped: () => fail(stoppedText(name), enableHint(sockets, systemctl)),
    /** systemd has not loaded a unit. */
    notLoaded: (unit: string, state: string) =>
      fail(`${unit} is not loaded: ${state}`, `To see the reason: ${systemctl} status ${unit}`),
    /** A unit file has changed since systemd read it. */
    notRead: (unit: string) =>
      fail(
        `${unit} has changed on disk since systemd read it`,
        `Let systemd read it, then restart again: ${systemctl} daemon-reload`,
      ),
    /** systemd could not start it again without these files. */
    fileMissing: (unit: string, files: readonly MissingFile[]) =>
      fail(
        `${unit} could not start again: ${missingFilesText(files)}`,
        `Nothing was changed: a process that runs keeps serving.\nPut the file back, or correct its path, and run ${serviceCommand("restart", name, user)} again.`,
      ),
    /** A socket of a pair is active but does not listen. A rolling restart does not change socket units. */
    closed: (socket: ClosedSocket) =>
      fail(
        closedText([socket]),
        `Open it again, which restarts its service too: ${systemctl} restart ${unitWords([socket.unit])}`,
      ),
    /** The new process did not start. The old one has ended, so no version serves. */
    notStarted({
      unit,
      exit: { code, status },
      result,
      wasUp,
      hasHandover,
      isRetried,
      isBehindProxy,
      closed,
      hints,
    }: FailedStart) {
      const again = serviceCommand("restart", name, user);
      const end =
        status === "0"
          ? result
          : code !== "exited"
            ? `${result}, signal ${status}`
            : isBehindProxy && status === `${FAILED_START_STATUS}`
              ? "it ended before it listened"
              : `it exited with ${status}`;
      const clients =
        closed.length > 0
          ? `Clients are refused, because ${closed.join(" and ")} does not listen`
          : isRetried
            ? `${isBehindProxy ? PAGE : "Clients wait in the socket's queue"}, and systemd tries again`
            : isBehindProxy
              ? `${PAGE}, and each of them starts it again`
              : "The next client starts it again";
      return fail(
        `${unit} did not start: ${end}. ${clients}`,
        [
          wasUp
            ? `The old process has exited, so no version serves now.\nCorrect the app, or put its earlier version back, and run ${again} again.\n${hasHandover ? `Next time, use the handover, so that the old process serves until the new one is ready: ${serviceCommand("reload", name, user)}` : "With a handover or a rolling restart, the old process would serve until the new one is ready."}`
            : `Correct the app, and run ${again} again.`,
          ...hints,
        ].join("\n"),
      );
    },
  };
}

/** Returns the errors of a reload of this service. */
export function reloadFailures(
  { name, kind, sockets }: ActivatedService,
  { user, systemctl }: ServiceManager,
) {
  const fail = (message: string, hint: string) => failed("SOCKACT_ERR_RELOAD", message, hint);
  const command = (verb: string) => serviceCommand(verb, name, user);
  /** The app's lines have been printed. */
  const reason = (hasLines: boolean) =>
    hasLines ? "The lines above have the reason." : `Its log has the reason: ${command("logs")}.`;
  return {
    /**
     * It does not run, and the next connection can't start it: a deployment has failed. Undefined for other
     * states.
     */
    unserved(state: ServiceState, closed: readonly ClosedSocket[]) {
      const nothing = "so there is nothing to reload, and no version serves";
      const correct = `To see why: ${command("doctor")}\nCorrect the app, or put its earlier version back, and run ${command("restart")}.`;
      switch (state) {
        case "restarting":
          return fail(`${name} crashes again and again, ${nothing}`, correct);
        case "failed":
          return fail(`${name} has failed, ${nothing}`, correct);
        case "not loaded":
          return fail(
            `a unit of ${name} is not loaded, so no version serves`,
            `To see why: ${command("status")}`,
          );
        case "stopped":
          return fail(
            stoppedText(name),
            closed.length > 0
              ? `Open its socket again: ${command("restart")}`
              : enableHint(sockets, systemctl),
          );
        default:
          return undefined;
      }
    },
    /** systemd can't reload a unit. */
    noReload: (unit: string, type: string) =>
      fail(
        `${unit} has no way to reload (Type=${type})`,
        kind === "rolling"
          ? `To run new code, restart it, which makes no client wait: ${command("restart")}\nTo reload by a handover, write handover: true instead of rolling: true into the config, and install it again.`
          : `To run new code, restart it: ${command("restart")}\nFor a handover, write handover: true into the config (systemd 253), and install it again.\nIf the app has onReload, write Type=notify-reload (systemd 253) into the unit. For any other app, write ExecReload=.`,
      ),
    /** `onReload` failed. */
    oldSettings: (hasLines: boolean, hints: readonly string[]) =>
      fail(
        `${name} could not reload, and keeps running with its old settings`,
        [`${reason(hasLines)} Correct it, and reload again.`, ...hints].join("\n"),
      ),
    /** The old process could not hand over to the new version. */
    noHandover: (code: HandoverCode | undefined, hasLines: boolean, hints: readonly string[]) =>
      failed(
        code ?? "SOCKACT_ERR_RELOAD",
        `the handover of ${name} failed, and the old version keeps serving`,
        [
          `${reason(hasLines)} Correct it, and reload again.`,
          ...hints,
          ...(code === undefined ? [] : [`More about it: ${ownCommand("explain", code)}`]),
        ].join("\n"),
      ),
    /** systemd reports a failed reload, for example because of ExecReload=. */
    job: ({ Id, ActiveState, ReloadResult }: Record<"Id" | "ActiveState" | "ReloadResult", string>) =>
      fail(
        `${name} did not reload: ${ReloadResult}. ${ActiveState === "active" ? `${Id} keeps running` : `${Id} is ${ActiveState}`}`,
        `See more of its log: ${command("logs")}. To restart it: ${command("restart")}`,
      ),
  };
}

const stoppedText = (name: string) => `${name} is stopped: it does not run, and no socket listens`;

const enableHint = (sockets: readonly string[], systemctl: string) =>
  `Let its sockets listen: ${systemctl} enable --now ${unitWords(sockets)}`;
