// The default export is for `app.register(require("@sockact/fastify"))`,
// `app.register(import("@sockact/fastify"))` and @fastify/autoload.
export { systemdListen, systemdListen as default, type SystemdListenOptions } from "./systemd-listen.ts";
export { ActivationError, checkHealth, keepAwake, proxyHeader, type Sockact } from "@sockact/core/adapter";
export type { Health, ProxyHeader, SockactEvent } from "@sockact/core";
