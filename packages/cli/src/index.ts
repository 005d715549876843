export { rollingRestart } from "./lib/rolling/rolling-restart.ts";
export type { RollingEvent, RollingOptions, RollingResult } from "./lib/rolling/rolling-options.ts";
export type { Instance } from "./lib/rolling/instances.ts";
export { RollingError, type RollingErrorCode } from "./lib/rolling/rolling-error.ts";
