/**
 * For packages of sockact whose build puts this code into their own files. All copies share one state. It is not published as an entry point.
 *
 * @packageDocumentation
 */
export { adoptDescriptor } from "./lib/adopted-descriptors.ts";
export { isSupervised } from "./lib/environment.ts";
export { isMainThread } from "./lib/main-thread.ts";
export { milliseconds, withUnits } from "./lib/duration.ts";
