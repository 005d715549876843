/**
 * For `@sockact/core`, which reads durations too.
 *
 * @packageDocumentation
 */
export { type Duration, milliseconds, withUnits } from "./lib/duration.ts";
