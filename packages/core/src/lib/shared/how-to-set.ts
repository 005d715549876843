import process from "node:process";
import { isStartedBySystemd } from "./started-by-systemd.ts";

/**
 * How to set a variable where this process gets its variables from, as the begin of a sentence.
 *
 * @param value a value, or several in words
 */
export function howToSet(variable: string, value: string): string {
  const assignment = `${variable}=${value}`;
  if (!isStartedBySystemd(process.pid)) return `Set the environment variable ${assignment}`;
  if (value.includes(", ")) return `Write Environment=${assignment}`;
  return `Write Environment=${value.includes(" ") ? `"${assignment}"` : assignment} in [Service]`;
}
