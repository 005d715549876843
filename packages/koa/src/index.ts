import { systemdListen } from "./systemd-listen.ts";

export { systemdListen };
export default systemdListen;
export type { Middleware } from "./markers.ts";
export type { SystemdListenOptions } from "./systemd-listen.ts";
export { ActivationError, checkHealth, hold, proxyHeader } from "@sockact/core/adapter";
export type {
  ActivatedSocket,
  ActivationErrorCode,
  Duration,
  Health,
  LifecycleOptions,
  Material,
  ProxyAddress,
  ProxyHeader,
  ProxyProtocolOptions,
  ProxyTlv,
  SockactEvent,
  SocketOptions,
  ClaimOptions,
  SniIdentity,
  TlsIdentity,
  TlsOptions,
} from "@sockact/core";
