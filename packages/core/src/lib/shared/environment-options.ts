import process from "node:process";
import { ActivationError } from "./errors.ts";
import { howToSet } from "./how-to-set.ts";

/** The variables that override options. Written in full, so a text search finds them. */
export const VARIABLES = {
  drainTimeout: "SOCKACT_DRAIN_TIMEOUT",
  stopDelay: "SOCKACT_STOP_DELAY",
  idleTimeout: "SOCKACT_IDLE_TIMEOUT",
  idleExitStatus: "SOCKACT_IDLE_EXIT_STATUS",
  notify: "SOCKACT_NOTIFY",
  watchdog: "SOCKACT_WATCHDOG",
  signals: "SOCKACT_SIGNALS",
  health: "SOCKACT_HEALTH",
  ignoreListenPid: "SOCKACT_IGNORE_LISTEN_PID",
  handover: "SOCKACT_HANDOVER",
  handoverTimeout: "SOCKACT_HANDOVER_TIMEOUT",
  proxyProtocol: "SOCKACT_PROXY_PROTOCOL",
  trustProxy: "SOCKACT_TRUST_PROXY",
} as const;

/**
 * Whether the variable of this option is set. As with systemd's own variables, an empty one counts as unset.
 */
export function isVariableSet(name: keyof typeof VARIABLES): boolean {
  return (process.env[VARIABLES[name]] ?? "") !== "";
}

/** Parses a boolean as in unit files: systemd.syntax(7). Returns undefined for anything else. */
export function parseBoolean(value: string): boolean | undefined {
  const text = value.toLowerCase();
  if (["1", "yes", "y", "true", "t", "on"].includes(text)) return true;
  if (["0", "no", "n", "false", "f", "off"].includes(text)) return false;
  return undefined;
}

/**
 * Reads a boolean option. The variable overrides the option, and the default is false.
 *
 * @throws ActivationError `SOCKACT_ERR_OPTION`
 */
export function readBooleanOption(name: keyof typeof VARIABLES, option: boolean | undefined): boolean {
  const variable = VARIABLES[name];
  const text = process.env[variable];
  if (text === undefined || text === "") return option ?? false;
  const value = parseBoolean(text);
  if (value === undefined)
    throw optionError(
      `${variable} must be yes or no; got ${JSON.stringify(text)}`,
      `${howToSet(variable, "", "yes")}, or leave it out.`,
    );
  return value;
}

export function optionError(message: string, hint: string): ActivationError {
  return new ActivationError("SOCKACT_ERR_OPTION", message, hint);
}
