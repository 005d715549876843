export {
  rollingRestart,
  type Instance,
  type RollingEvent,
  type RollingOptions,
  type RollingResult,
} from "./lib/rolling-restart.ts";
export { RollingError, type RollingErrorCode } from "./lib/rolling-error.ts";
