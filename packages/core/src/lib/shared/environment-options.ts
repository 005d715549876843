import process from "node:process";
import { ActivationError } from "./errors.ts";

/** The variable that overrides an option: `drainTimeout` → `SOCKACT_DRAIN_TIMEOUT`. */
export function variableOf(option: string): string {
  return `SOCKACT_${option.replace(/[A-Z]/g, "_$&").toUpperCase()}`;
}

/** Reads a boolean as unit files have it: systemd.syntax(7). */
export function parseBoolean(value: string): boolean | undefined {
  const text = value.toLowerCase();
  if (["1", "yes", "y", "true", "t", "on"].includes(text)) return true;
  if (["0", "no", "n", "false", "f", "off"].includes(text)) return false;
  return undefined;
}

/**
 * Reads an option that is true or false: its variable, or else the option, or false.
 *
 * @throws ActivationError `ERR_OPTION`
 */
export function readBooleanOption(name: string, option: boolean | undefined): boolean {
  const variable = variableOf(name);
  const text = process.env[variable];
  if (text === undefined || text === "") return option ?? false;
  const value = parseBoolean(text);
  if (value === undefined)
    throw optionError(
      `${variable} must be yes or no; got ${JSON.stringify(text)}`,
      `Write Environment=${variable}=yes in [Service], or leave it out.`,
    );
  return value;
}

export function optionError(message: string, hint: string): ActivationError {
  return new ActivationError("ERR_OPTION", message, hint);
}
