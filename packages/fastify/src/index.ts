// The default export is for `app.register(require("@sockact/fastify"))`,
// `app.register(import("@sockact/fastify"))` and @fastify/autoload.
export { systemdListen, systemdListen as default, type SystemdListenOptions } from "./systemd-listen.ts";
export {
  ActivationError,
  checkHealth,
  keepAwake,
  proxyHeader,
  recordMetrics,
  type Sockact,
} from "@sockact/core/adapter";
// Each type that an option or a result has, so that TypeScript can name what an app infers and exports.
export type {
  ActivationErrorCode,
  Duration,
  Health,
  ProxyAddress,
  ProxyHeader,
  ProxyProtocolOptions,
  ProxyTlv,
  SockactEvent,
  SocketOptions,
  TlsOptions,
} from "@sockact/core";
