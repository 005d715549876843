/**
 * Functions for `@sockact/register`, which serves apps that can't be changed. Apps do not need them.
 *
 * @packageDocumentation
 */
export { preloadApp, type PreloadedApp, type ServeLaterOptions } from "./lib/api/preload.ts";
export { interceptListen, type Interceptor, type Listen } from "./lib/api/wrap-listen.ts";
export {
  announcedNames,
  type AnnouncedSocket,
  announcedSockets,
  openAnnounced,
  processRole,
  type ProcessRole,
  warnIfPassedElsewhere,
} from "./lib/activation/announced.ts";
export { setClaimedHint } from "./lib/binding/claim.ts";
export { hasAdapter } from "./lib/api/attach.ts";
export { type ActivatedSocket, formatSocket } from "./lib/activation/passed-socket.ts";
export { hasWorkers } from "./lib/lifecycle/worker-pool.ts";
export { setUnservedHint } from "./lib/activation/unserved.ts";
export { ActivationError, type ActivationErrorCode, isActivationError } from "./lib/shared/errors.ts";
export { isStartedBySystemd } from "./lib/shared/started-by-systemd.ts";
export { ERROR, type Priority, WARNING, writeLine } from "./lib/shared/standard-error.ts";
export { exitWith } from "./lib/shared/uncaught-errors.ts";
export { warn, type WarningCode } from "./lib/shared/warnings.ts";
