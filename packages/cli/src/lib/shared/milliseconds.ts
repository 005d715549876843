import { durationOf } from "@sockact/shared/durations";

/**
 * The milliseconds of a duration that systemctl prints, such as `TimeoutStopUSec`: `1min 30s` or `infinity`.
 */
export const millisecondsOf = (value: string): number => durationOf(value) ?? 0;
