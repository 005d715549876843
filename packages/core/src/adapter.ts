/**
 * Functions for adapters of frameworks. Apps do not need them.
 *
 * @packageDocumentation
 */
export { separateApp } from "./lib/api/app-option.ts";
export { type FrameworkHooks, type FrameworkTraits, prepareApp, type PreparedApp } from "./lib/api/attach.ts";
export { rememberRequestListeners } from "./lib/api/request-listeners.ts";
export { serverAddress } from "./lib/binding/server-address.ts";
export { checkHealth, type Health } from "./lib/lifecycle/health.ts";
export { keepAwake } from "./lib/lifecycle/idle.ts";
export { proxyHeader } from "./lib/api/proxy-header.ts";
export { ActivationError, type ActivationErrorCode } from "./lib/shared/errors.ts";
export { drainServer } from "./lib/api/manage-server.ts";
export type { ActivatedSocket } from "./lib/activation/passed-socket.ts";
export { eventText, type ReloadFailure, type SockactEvent } from "./lib/lifecycle/events.ts";
export { logEvent } from "./lib/lifecycle/log-event.ts";
export { logRejections } from "./lib/lifecycle/log-rejections.ts";
export type { LifecycleOptions } from "./lib/lifecycle/settings.ts";
export type { AppOptions, SocketOptions, ClaimOptions } from "./lib/api/options.ts";
export type { Material, SniIdentity, TlsIdentity, TlsOptions } from "./lib/binding/tls-identity.ts";
export type { ProxyAddress, ProxyHeader, ProxyTlv } from "./lib/proxy-protocol/header.ts";
export type { ProxyProtocolOptions } from "./lib/proxy-protocol/senders.ts";
export type { Duration } from "@sockact/notify";
export { warn, type WarningCode, warnUnless } from "./lib/shared/warnings.ts";
