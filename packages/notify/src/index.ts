export { type NotifyBackend, notifyBackend } from "./lib/backend.ts";
export type { Duration } from "./lib/duration.ts";
export { isSupervised } from "./lib/environment.ts";
export { NotifyError, type NotifyErrorCode } from "./lib/errors.ts";
export type { NotifyState } from "./lib/message.ts";
export {
  extendTimeout,
  mainPid,
  notify,
  ready,
  reloading,
  status,
  stopping,
  storeFd,
  watchdog,
} from "./lib/notify.ts";
export { startWatchdog, type Watchdog, watchdogEnabled, type WatchdogOptions } from "./lib/watchdog.ts";
