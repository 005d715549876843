import { checkHealth, type Health } from "../lifecycle/health.ts";
import { keepAwake } from "../lifecycle/idle.ts";
import { isStopping } from "../lifecycle/stopping.ts";

/**
 * The object that other plugins of an app use instead of importing sockact: `app.sockact` in Fastify,
 * `ctx.sockact` in Koa, and `req.app.locals.sockact` in Express. A property that the app has under this name
 * stays, and plugins then find that property instead.
 */
export interface Sockact {
  /** Whether sockets were passed to this process. */
  readonly activated: boolean;
  /**
   * Whether the process has begun to stop, sleep or hand over. It still answers requests. The event
   * `draining` reports the same moment.
   */
  readonly draining: boolean;
  /** The function `checkHealth()` of `@sockact/core`. */
  checkHealth(): Promise<Health>;
  /** The function `keepAwake()` of `@sockact/core`. */
  keepAwake(): () => void;
}

export function createSockact(activated: boolean): Sockact {
  return {
    activated,
    get draining() {
      return isStopping();
    },
    checkHealth,
    keepAwake,
  };
}
