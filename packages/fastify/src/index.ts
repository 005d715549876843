import { systemdListen } from "./systemd-listen.ts";

export { systemdListen };
export default systemdListen;
export type { SystemdListenOptions } from "./systemd-listen.ts";
export {
  ActivationError,
  type ActivationErrorCode,
  type Duration,
  hold,
  type LifecycleOptions,
  type SockactEvent,
} from "@sockact/core";
