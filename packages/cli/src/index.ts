export { rollingRestart } from "./lib/change/roll.ts";
export type { RollingEvent, RollingOptions, RollingResult } from "./lib/change/roll-options.ts";
export type { Instance } from "./lib/change/pair.ts";
export { RollingError, type RollingErrorCode } from "./lib/change/roll-error.ts";
