import { tookText } from "../output/quantities.ts";
import type { CliError } from "../shared/cli-error.ts";
import { isRootShell, serviceCommand } from "../shared/own-command.ts";
import { unitWords } from "../shared/shell-words.ts";
import type { ActivatedService } from "../systemd/activated-units.ts";
import { type ClosedSocket, closedText } from "../systemd/closed-addresses.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";

/** What `sockact restart --json` prints. */
export interface RestartReport {
  name: string;
  kind: ActivatedService["kind"];
  /**
   * - `restarted`: the service was stopped and started
   * - `started`: it did not run, since it or a socket had failed
   * - `turned`: the other instance of a rolling pair serves now
   * - `asleep`: it does not run, and the next connection starts the new version
   * - `asked`: systemd was asked, without waiting (`--no-wait`)
   * - `next`: each new connection starts the new version (`Accept=yes`)
   */
  outcome: "restarted" | "started" | "turned" | "asleep" | "asked" | "next";
  /** Milliseconds. */
  took: number;
  /** Whether the new process reported that it is ready. */
  confirmed: boolean;
  /** The socket units that were restarted too, because systemd had no descriptor for their addresses. */
  reopened?: string[];
  /** For a rolling pair: the instances, and whether the old one drained; null without waiting for it. */
  turn?: { from: string; to: string; drained: boolean | null };
}

const openedText = (units: readonly string[]): string =>
  units.length === 1
    ? `${units[0]} was opened again, because its unit had changed.`
    : `${units.join(" and ")} were opened again, because their units had changed.`;

/** How to find out whether the new version starts, without a client. */
function startHint({ name, kind }: RestartReport, isUser: boolean): string {
  const unit = kind === "rolling" ? `${name}@blue.service` : `${name}.service`;
  return `\nTo try it: ${isUser ? "systemctl --user" : `${isRootShell() ? "" : "sudo "}systemctl`} start ${unitWords([unit])}`;
}

/** The result of a restart as text. */
export function restartText(report: RestartReport, isUser: boolean): string {
  const { name, outcome, took, confirmed, turn, reopened } = report;
  const again = reopened === undefined ? "" : ` ${openedText(reopened)}`;
  const ready = confirmed ? "" : " Without Type=notify, it does not report when it is ready.";
  switch (outcome) {
    case "restarted":
      return `${name} restarted in ${tookText(took)}.${again || " Its sockets stayed open."}${ready}\n`;
    case "started":
      return `${name} started in ${tookText(took)}.${again}${ready}\n`;
    case "asked":
      return `systemd restarts ${name}: ${serviceCommand("status", name, isUser)}\n`;
    case "asleep":
      return `${name} sleeps, so the new version was not tried: the next connection starts it.${again}${startHint(report, isUser)}\n`;
    case "next":
      return `${name} runs once for each connection: new ones get the new version.\n`;
    case "turned": {
      const end =
        turn!.drained === null
          ? `${turn!.from} drains`
          : turn!.drained
            ? `${turn!.from} has drained`
            : `${turn!.from} did not end well: ${serviceCommand("logs", name, isUser)}`;
      return `${name} turned to ${turn!.to} in ${tookText(took)}, and no client waited. ${end}.\n`;
    }
  }
}

/** A service unit and its old and new process. */
export interface Handover {
  unit: string;
  /** The process id of the old process. */
  from: number;
  /** The process id of the new process. */
  to: number;
  /** Milliseconds from the start of the reload until the old process had ended; null if it still drains. */
  ended: number | null;
}

/** What `sockact reload --json` prints. */
export interface ReloadReport {
  name: string;
  /**
   * - `reloaded`: the app has read its settings again
   * - `handed-over`: a new process with the new version serves now
   * - `asleep`: nothing runs, so there is nothing to reload
   * - `unchanged`: the app has neither `handover` nor `onReload`, so it did not read its settings again
   * - `failed`: the old settings, or the old version, stay in use, or nothing serves. `error` says more
   */
  outcome: "reloaded" | "handed-over" | "asleep" | "unchanged" | "failed";
  /** The service units that were reloaded. */
  units: string[];
  /** Milliseconds. For a handover, until the new process served. */
  took: number;
  /** Whether the app reported that the reload is done. Without `Type=notify-reload`, no app does. */
  confirmed: boolean;
  /** The lines that the app logged during the reload. */
  log: string[];
  /** The units that were handed over. */
  handovers: Handover[];
  /**
   * Whether a unit, or a file that it names, has changed since the start of the service. A reload does not
   * apply such a change.
   */
  needsRestart: boolean;
  /** Why it failed. */
  error?: CliError;
}

function handoverText(report: ReloadReport, isUser: boolean): string {
  const { name, took, handovers } = report;
  return handovers
    .map(({ unit, from, to, ended }) => {
      const who = handovers.length === 1 ? name : unit;
      const end =
        ended === null
          ? `Process ${from} still drains: ${serviceCommand("status", name, isUser)}`
          : `Process ${from} has drained, and ended after ${tookText(ended)}.`;
      return `${who} was handed over from process ${from} to ${to} in ${tookText(took)}. ${end}\n`;
    })
    .join("");
}

function outcomeText(report: ReloadReport, isUser: boolean): string {
  const { name, outcome, took, confirmed } = report;
  const restart = serviceCommand("restart", name, isUser);
  switch (outcome) {
    case "handed-over":
      return handoverText(report, isUser);
    case "unchanged":
      return `${name} did not read its settings again, because the app has no onReload.\nTo use new settings, or new code, restart it: ${restart}\nIf you install it with --handover, or with handover: true in the config, a reload runs new code.\n`;
    case "failed":
      return "";
    case "asleep":
      return `${name} does not run: its next start reads the new settings.\n`;
    case "reloaded":
      return confirmed
        ? `${name} reloaded in ${tookText(took)}.\n`
        : `${name} was told to reload. Without Type=notify-reload, it does not report when the reload is done.\n`;
  }
}

/** What a reload does not apply. */
export interface Unapplied {
  /** Whether a unit has changed. */
  hasUnit: boolean;
  /** Files of EnvironmentFile= and LoadCredential= that have changed. */
  files: readonly string[];
  /** Socket units without a descriptor for their addresses. */
  closed: readonly ClosedSocket[];
}

/** The result of a reload as text. */
export function reloadText(
  report: ReloadReport,
  { hasUnit, files, closed }: Unapplied,
  { user, systemctl }: ServiceManager,
): string {
  const restart = serviceCommand("restart", report.name, user);
  const changed = [...(hasUnit ? ["The unit"] : []), ...files].join(" and ");
  const verb = files.length + Number(hasUnit) === 1 ? "has" : "have";
  let text = outcomeText(report, user);
  if (changed !== "")
    text += `${changed} ${verb} changed since the service was started, and a reload does not apply the change.\n`;
  if (closed.length > 0) text += `${closedText(closed)}.\n`;
  if (changed === "" && closed.length === 0) return text;
  return `${text}To apply it: ${hasUnit ? `${systemctl} daemon-reload && ` : ""}${restart}\n`;
}
