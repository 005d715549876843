/**
 * For what reads LISTEN_FDS itself, as `@sockact/core` does, and so takes the variables away.
 *
 * @packageDocumentation
 */
export { adoptDescriptor } from "./lib/descriptor.ts";
