import { checkHealth, type Health } from "../lifecycle/health.ts";
import { keepAwake } from "../lifecycle/idle.ts";
import { isStopping } from "../lifecycle/stopping.ts";

/**
 * What other plugins of an app can ask without importing sockact: `app.sockact` in Fastify, `ctx.sockact` in
 * Koa, and `req.app.locals.sockact` in Express.
 */
export interface Sockact {
  /** Whether sockets were passed to this process. */
  readonly activated: boolean;
  /**
   * Whether the process has begun to stop, to go to sleep or to hand over. It still answers requests. The
   * event `draining` reports the same moment.
   */
  readonly draining: boolean;
  /** The same function as the one that this package exports. */
  checkHealth(): Promise<Health>;
  /** The same function as the one that this package exports. */
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
