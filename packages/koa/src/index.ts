export { systemdListen, type SystemdListenOptions } from "./systemd-listen.ts";
export { ActivationError, checkHealth, keepAwake, proxyHeader, type Sockact } from "@sockact/core/adapter";
export type { Health, ProxyHeader, SockactEvent } from "@sockact/core";
