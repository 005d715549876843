export { rollingRestart } from "./lib/rolling-restart.ts";
export type { RollingEvent, RollingOptions, RollingResult } from "./lib/rolling-options.ts";
export type { Instance } from "./lib/instances.ts";
export { RollingError, type RollingErrorCode } from "./lib/rolling-error.ts";
