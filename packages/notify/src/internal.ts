/**
 * For other packages of sockact. Their build copies this code into their own files, and all copies share one
 * state. npm does not get this entry point.
 *
 * @packageDocumentation
 */
export { adoptDescriptor } from "./lib/adopted-descriptors.ts";
export { isSupervised } from "./lib/environment.ts";
export { isMainThread } from "./lib/main-thread.ts";
export { milliseconds, withUnits } from "./lib/duration.ts";
export { PREDECESSOR_VARIABLE, type Predecessor, predecessor } from "./lib/predecessor.ts";
export { serviceOfProcess } from "./lib/service-of-process.ts";
export { unitFilesOf } from "./lib/unit-files.ts";
