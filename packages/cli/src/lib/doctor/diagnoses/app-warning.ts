import type { Diagnosis } from "../model/diagnosis.ts";
import { appWarnings } from "../facts/app-warnings.ts";
import { ownCommand } from "../../shared/own-command.ts";

/** A warning that sockact printed in the app, and that no other diagnosis explains. */
export const appWarning: Diagnosis = {
  code: "app-warning",
  severity: "warning",
  title: "sockact printed a warning in the journal of the service",
  why: "The app keeps running, but not as its units say.",
  looksAt: "`SockactWarning` in the journal of the last run of the service.",
  remedy: "Do what the warning says.",
  async find(subject) {
    return (await subject.get(appWarnings)).map(({ code, message, details }) => ({
      unit: subject.service,
      message,
      evidence: [{ text: `[${code}] ${message}`, source: `journal of ${subject.service}` }],
      fix: details.join(" ") || `${ownCommand()} explain ${code} says what to change.`,
    }));
  },
};
