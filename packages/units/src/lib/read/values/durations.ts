import { report, type Read } from "./readers.ts";
import { withUnits } from "@sockact/shared/duration-units";
import { durationOf, durationText } from "@sockact/shared/durations";
import { shown } from "../../problems.ts";

export const duration: Read = (value, path, problems) => {
  const text = durationText(value);
  return text === undefined
    ? report(
        "SOCKACT_ERR_UNIT_DURATION",
        path,
        problems,
        `${shown(value)} is not a duration`,
        `write ${withUnits(value) ?? "a number with its unit: '2s', '5min'"}`,
      )
    : [text];
};

export const durationOrInfinity: Read = (value, path, problems) =>
  value === "infinity" ? [value] : duration(value, path, problems);

/** Reads a timeout in which 0 means no limit. */
export const timeout: Read = (value, path, problems) =>
  durationOf(value) === 0
    ? report(
        "SOCKACT_ERR_UNIT_DURATION",
        path,
        problems,
        `${shown(value)} means no limit in systemd`,
        "write 'infinity' for no limit, or a time such as '10s'",
      )
    : durationOrInfinity(value, path, problems);

/** systemd's default delay. With a shorter one, a crashing service would start dozens of times a second. */
const shortestWait = 100;

/** Reads a duration that is always long enough to detect a number that was meant as milliseconds. */
const neverShorter =
  (shortest: number): Read =>
  (value, path, problems) =>
    durationOf(value) === undefined && Number(value) > 0 && Number(value) < shortest
      ? report(
          "SOCKACT_ERR_UNIT_DURATION",
          path,
          problems,
          `${shown(value)} is not a duration`,
          `write '${Number(value)}s'`,
        )
      : duration(value, path, problems);

/** WatchdogSec=: no service sends pings many times a second. */
export const betweenPings: Read = neverShorter(500);

/** RestartSec= and similar directives: the delay before a restart. */
export const wait: Read = (value, path, problems) => {
  const length = durationOf(value);
  if (length !== undefined && length < shortestWait) {
    return report(
      "SOCKACT_ERR_UNIT_DURATION",
      path,
      problems,
      `${shown(value)} is too short: a service that crashes at its start would start dozens of times a second`,
      "write '1s', or leave it out",
    );
  }
  return neverShorter(shortestWait)(value, path, problems);
};
