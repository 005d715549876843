import { withUnits } from "@sockact/shared/duration-units";
import { durationOf } from "@sockact/shared/durations";
import { CliError } from "../shared/cli-error.ts";

/** The options of `sockact run`. */
export interface RunOptions {
  listen?: string[];
  name?: string[];
  watch?: string[];
  ignore?: string[];
  restart?: boolean;
  onDemand?: boolean;
  accept?: boolean;
  maxConnections?: number;
  datagram?: boolean;
  stopTimeout?: string;
  preload?: boolean;
}

/** Options that can't be used together, and why. */
const conflicts: [keyof RunOptions, keyof RunOptions, why: string][] = [
  [
    "accept",
    "watch",
    "Leave out --watch: each connection starts the command anew, so it runs the files as they are then.",
  ],
  ["accept", "restart", "Leave out --restart: each connection starts the command anew."],
  ["accept", "onDemand", "Leave out --on-demand: with --accept, nothing runs until there is a connection."],
  ["accept", "datagram", "Leave one of them out: a UDP socket has no connections to accept."],
  [
    "accept",
    "name",
    "Leave out --name: the name of an accepted connection is always connection, as in systemd.",
  ],
  ["datagram", "onDemand", "Leave out --on-demand: Node can't wait for a datagram without reading it."],
];

/** Throws for options that can't be used together. */
export function checkOptions(options: RunOptions): void {
  for (const [one, other, why] of conflicts)
    if (options[one] !== undefined && options[other] !== undefined)
      throw new CliError(
        "SOCKACT_ERR_RUN_OPTION",
        `${flag(one)} and ${flag(other)} can't be used together`,
        why,
      );
  for (const [one, other] of [
    ["maxConnections", "accept"],
    ["ignore", "watch"],
  ] as const)
    if (options[one] !== undefined && options[other] === undefined)
      throw new CliError(
        "SOCKACT_ERR_RUN_OPTION",
        `${flag(one)} has no effect without ${flag(other)}`,
        `Add ${flag(other)}, or leave out ${flag(one)}.`,
      );
}

/** The time limit for the command to end, in milliseconds. */
export function stopTimeoutOf({ stopTimeout, watch }: RunOptions): number {
  if (stopTimeout === undefined) return watch ? 5_000 : 15_000;
  const parsed = durationOf(stopTimeout);
  if (parsed !== undefined && parsed > 0 && parsed <= 86_400_000) return parsed;
  const hint = withUnits(stopTimeout, "");
  throw new CliError(
    "SOCKACT_ERR_RUN_OPTION",
    `--stop-timeout must be a duration of at most 1 day, such as 10s or 500ms; got ${JSON.stringify(stopTimeout)}`,
    hint ? `Write ${hint}.` : "Write a number with its unit, as in systemd.time(7).",
  );
}

function flag(name: keyof RunOptions): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
