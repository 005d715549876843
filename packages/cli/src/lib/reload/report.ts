import { tookText } from "../output/quantities.ts";
import type { CliError } from "../shared/cli-error.ts";
import { serviceCommand } from "../shared/own-command.ts";
import { type ClosedSocket, closedText } from "../systemd/closed-addresses.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";

/** A service unit that was handed over to a new process. */
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
  /** Whether the app has reported that the reload is done. Without `Type=notify-reload`, no app reports it. */
  confirmed: boolean;
  /** The lines that the app has written meanwhile. */
  log: string[];
  /** Those units that were handed over. */
  handovers: Handover[];
  /** Whether a unit, or a file that it names, has changed on disk since the service was started. A reload does not apply that. */
  needsRestart: boolean;
  /** Why it has failed. */
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

/** The result for people. */
export function reportText(
  report: ReloadReport,
  { hasUnit, files, closed }: Unapplied,
  { user, systemctl }: ServiceManager,
): string {
  const restart = serviceCommand("restart", report.name, user);
  const changed = [...(hasUnit ? ["The unit"] : []), ...files].join(" and ");
  const verb = files.length + Number(hasUnit) === 1 ? "has" : "have";
  const notes = [
    ...(changed === ""
      ? []
      : [
          `${changed} ${verb} changed since the service was started, and a reload does not apply the change.`,
        ]),
    ...(closed.length === 0 ? [] : [`${closedText(closed)}.`]),
  ];
  const fix = `To apply it: ${hasUnit ? `${systemctl} daemon-reload && ` : ""}${restart}`;
  return [
    outcomeText(report, user),
    ...(notes.length === 0 ? [] : [...notes, fix].map((line) => `${line}\n`)),
  ].join("");
}
