import type { FastifyInstance } from "fastify";

/** The instance that has `addresses` of its own: an encapsulated one inherits it. */
export function rootOf(instance: FastifyInstance): FastifyInstance {
  return Object.hasOwn(instance, "addresses")
    ? instance
    : rootOf(Object.getPrototypeOf(instance) as FastifyInstance);
}
