/**
 * For `@sockact/core` alone: no part of the public API, so any release may change it.
 *
 * @packageDocumentation
 */
export { adoptDescriptor } from "./lib/adopted-descriptors.ts";
export { isMainThread } from "./lib/main-thread.ts";
export { type Duration, milliseconds, withUnits } from "./lib/duration.ts";
