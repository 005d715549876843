/**
 * Functions for framework adapters. Apps do not need them. The main entry point has the types of options and
 * events.
 *
 * @packageDocumentation
 */
export { separateApp } from "./lib/api/app-option.ts";
export {
  type FrameworkHooks,
  type FrameworkOptions,
  prepareApp,
  type PreparedApp,
} from "./lib/api/attach.ts";
export { rememberRequestListeners } from "./lib/api/request-listeners.ts";
export type { Sockact } from "./lib/api/sockact.ts";
export { serverAddress } from "./lib/binding/server-address.ts";
export { checkHealth } from "./lib/lifecycle/health.ts";
export { keepAwake } from "./lib/lifecycle/idle.ts";
export { recordMetrics } from "./lib/lifecycle/record-metrics.ts";
export { proxyHeader } from "./lib/api/proxy-header.ts";
export { ActivationError } from "./lib/shared/errors.ts";
export { drainServer } from "./lib/api/manage-server.ts";
export { eventText } from "./lib/lifecycle/events.ts";
export {
  type AdoptedConnection,
  type ConnectionKeeper,
  keepConnections,
  type KeptConnection,
} from "./lib/shared/connection-keepers.ts";
export { logEvent } from "./lib/lifecycle/log-event.ts";
export { logRejections } from "./lib/lifecycle/log-rejections.ts";
export type { AppOptions } from "./lib/api/options.ts";
export { warn, type WarningCode, warnUnless } from "./lib/shared/warnings.ts";
