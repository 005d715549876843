// Functions of core for @sockact/register, which serves apps that can't be changed. Apps do not need them.
export { preloadApp, type PreloadedApp, type ServeLaterOptions } from "../../core/src/lib/api/preload.ts";
export { interceptListen, type Interceptor, type Listen } from "../../core/src/lib/api/wrap-listen.ts";
export {
  announcedNames,
  type AnnouncedSocket,
  announcedSockets,
  openAnnounced,
  processRole,
  type ProcessRole,
  warnIfPassedElsewhere,
} from "../../core/src/lib/activation/announced.ts";
export { setClaimedHint } from "../../core/src/lib/binding/claim.ts";
export { hasAdapter } from "../../core/src/lib/api/attach.ts";
export {
  type ActivatedSocket,
  formatSocket,
  isForSockact,
} from "../../core/src/lib/activation/passed-socket.ts";
export { hasWorkers } from "../../core/src/lib/lifecycle/worker-pool.ts";
export { setUnservedHint } from "../../core/src/lib/activation/unserved.ts";
export { isActivationError } from "../../core/src/lib/shared/errors.ts";
export { isStartedBySystemd } from "../../core/src/lib/shared/started-by-systemd.ts";
export { ERROR, type Priority, WARNING, writeLine } from "../../core/src/lib/shared/standard-error.ts";
export { exitWith } from "../../core/src/lib/shared/uncaught-errors.ts";
export { warn, type WarningCode } from "../../core/src/lib/shared/warnings.ts";
