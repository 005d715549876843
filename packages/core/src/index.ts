export { activatedSockets } from "./lib/activation/read.ts";
export type { ActivatedSocket } from "./lib/activation/passed-socket.ts";
export {
  parseListenEnvironment,
  type ListenEnvironment,
} from "./lib/activation/protocol/parse-environment.ts";
export { listen, type Listening, type ListenOptions } from "./lib/api/listen.ts";
export { claimSocket } from "./lib/api/claim-socket.ts";
export { bindDatagram } from "./lib/api/bind-datagram.ts";
export type { BindDatagramOptions } from "./lib/api/bind-socket.ts";
export { proxyHeader } from "./lib/api/proxy-header.ts";
export type { ProxyAddress, ProxyHeader, ProxyTlv } from "./lib/proxy-protocol/header.ts";
export type { ProxyProtocolOptions } from "./lib/proxy-protocol/senders.ts";
export { checkHealth, type Health } from "./lib/lifecycle/health.ts";
export { keepAwake } from "./lib/lifecycle/idle.ts";
export { recordMetrics } from "./lib/lifecycle/record-metrics.ts";
export type { SockactEvent } from "./lib/lifecycle/events.ts";
export type { LifecycleOptions } from "./lib/lifecycle/settings.ts";
export type { SocketOptions, ClaimOptions } from "./lib/api/options.ts";
export type { TlsOptions } from "./lib/binding/tls-identity.ts";
export type { Duration } from "@sockact/notify";
export { ActivationError, type ActivationErrorCode } from "./lib/shared/errors.ts";
