import process from "node:process";
import { isStartedBySystemd } from "./started-by-systemd.ts";

/**
 * How to set a variable where this process gets its variables from, as the begin of a sentence.
 *
 * @param instead the only value, or several in words
 */
export function howToSet(variable: string, example: string, instead?: string): string {
  const value = instead ?? example;
  const assignment = `${variable}=${value}`;
  const end = instead === undefined ? ", for example" : "";
  if (!isStartedBySystemd(process.pid)) return `Set the environment variable ${assignment}${end}`;
  if (value.includes(", ")) return `Write Environment=${assignment}`;
  return `Write Environment=${value.includes(" ") ? `"${assignment}"` : assignment} in [Service]${end}`;
}
