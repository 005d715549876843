/**
 * For those who write an adapter for a framework. An app has no use for this.
 *
 * @packageDocumentation
 */
export { attach, checkActivation, rememberRequestListeners, type Hooks } from "./lib/attach.ts";
export { serverAddress } from "./lib/server-address.ts";
export { drainServer } from "./lib/lifecycle/live.ts";
export type { ActivatedSocket } from "./lib/passed-socket.ts";
export { eventText, logEvent, type SockactEvent } from "./lib/lifecycle/events.ts";
export type { AppOptions } from "./lib/options.ts";
export { warn, type WarningCode, warnUnless } from "./lib/warn.ts";
