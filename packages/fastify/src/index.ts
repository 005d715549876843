import { systemdListen } from "./systemd-listen.ts";

export { systemdListen };
export default systemdListen;
export type { SystemdListenOptions } from "./systemd-listen.ts";
export { ActivationError, hold } from "@sockact/core/adapter";
export type {
  ActivatedSocket,
  ActivationErrorCode,
  Duration,
  LifecycleOptions,
  Material,
  SockactEvent,
  SocketOptions,
  TakeOptions,
  TlsIdentity,
  TlsOptions,
} from "@sockact/core";
