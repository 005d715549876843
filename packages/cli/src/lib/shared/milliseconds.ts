import { durationOf } from "@sockact/shared/durations";

/**
 * The milliseconds of a duration, such as `TimeoutStopUSec`, which systemctl prints as `1min 30s` or
 * `infinity`.
 */
export const millisecondsOf = (value: string): number => durationOf(value) ?? 0;
