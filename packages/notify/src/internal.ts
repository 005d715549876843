/**
 * What `@sockact/core` needs before the first response. The build puts it into core's own files, so that this package is not loaded until a message goes to
 * the service manager. Both copies share one state. It is not published as an entry point.
 *
 * @packageDocumentation
 */
export { adoptDescriptor } from "./lib/adopted-descriptors.ts";
export { isSupervised } from "./lib/environment.ts";
export { isMainThread } from "./lib/main-thread.ts";
export { milliseconds, withUnits } from "./lib/duration.ts";
