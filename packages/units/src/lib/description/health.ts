import type { ListenAddress } from "./socket.ts";

/** How a load balancer asks whether this host may get clients. */
export interface HealthDescription {
  /**
   * SOCKACT_HEALTH in the service's environment: the path, such as `/healthz`, that sockact answers inside
   * the app. The app does not see these requests. A probe of this path starts an app that sleeps.
   */
  path?: string | undefined;
  /**
   * Where a separate socket answers probes without starting the app: a port, or any other address that
   * `listen` of a socket accepts. It writes `<name>-health.socket` and `<name>-health@.service`. The answer
   * to each path is 200 `ready`, or 503 `drained` after `sockact drain <name>`. When a socket of the app has
   * failed or is stopped, this socket is closed too.
   */
  listen?: ListenAddress | readonly ListenAddress[] | undefined;
}
