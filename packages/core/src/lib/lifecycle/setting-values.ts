import { constants } from "node:os";
import { milliseconds } from "@sockact/shared/notify";

// The values of options. Each function returns undefined for an invalid value.

/** The longest duration, in milliseconds: 24 days. A Node timer can wait 24.8 days. */
const LONGEST = 24 * 86_400_000;

/** Like {@link milliseconds}, but undefined for a time that a timer can't wait. */
export function duration(value: unknown): number | undefined {
  const time = milliseconds(value);
  return time === undefined || time === Infinity || time <= LONGEST ? time : undefined;
}

/** A duration that is not infinite. */
export function finiteTime(value: unknown): number | undefined {
  const time = duration(value);
  return time === Infinity ? undefined : time;
}

/** A duration that is not infinite, and not 0. */
export function limitedTime(value: unknown): number | undefined {
  return finiteTime(value) || undefined;
}

/** Whether this value may be meant as no limit. */
export function isNoTime(given: unknown): boolean {
  const time = given === Infinity ? given : milliseconds(given);
  return time === 0 || (time !== undefined && time > LONGEST);
}

/** A path in the request line: printable ASCII characters without a query. */
export function path(value: unknown): string | undefined {
  return typeof value === "string" && /^\/[!-~]*$/.test(value) && !/[?#]/.test(value) ? value : undefined;
}

export function exitStatus(value: unknown): number | undefined {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255
    ? (value as number)
    : undefined;
}

export function signalList(value: unknown): readonly NodeJS.Signals[] | undefined {
  return Array.isArray(value) && value.every(canBeHandled) ? (value as NodeJS.Signals[]) : undefined;
}

function canBeHandled(signal: unknown): boolean {
  return Object.hasOwn(constants.signals, signal as string) && signal !== "SIGKILL" && signal !== "SIGSTOP";
}
