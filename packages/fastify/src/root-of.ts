import type { FastifyInstance } from "fastify";

/** The root instance of the app. It owns `addresses`, and encapsulated instances inherit it. */
export function rootOf(instance: FastifyInstance): FastifyInstance {
  return Object.hasOwn(instance, "addresses")
    ? instance
    : rootOf(Object.getPrototypeOf(instance) as FastifyInstance);
}
