import { fieldsByDirective, isObject } from "./fields/fields.ts";
import { sandboxDirectives } from "./sandbox/directives.ts";
import { otherFields, serviceDirectives } from "./fields/service-directives.ts";
import { socketDirectives } from "./fields/socket-directives.ts";

/** The hint for a sandbox field. It depends on the value of `hardening`. */
function inSandbox(hardening: unknown, field: string): string {
  if (isObject(hardening)) return `${field} in hardening`;
  const profile = hardening === "inbound" || hardening === "none" ? `profile: '${hardening}', ` : "";
  return `hardening: { ${profile}${field}: … }`;
}

const serviceField = fieldsByDirective(serviceDirectives);
const sandboxField = fieldsByDirective(sandboxDirectives);

/** Returns a function that finds the field of a service directive, or its place in the sandbox. */
export function fieldsOfService(hardening: unknown): (directive: string) => string | undefined {
  return (directive) => {
    const ofSandbox = sandboxField(directive);
    return serviceField(directive) ?? (ofSandbox && inSandbox(hardening, ofSandbox));
  };
}

/** Hints for sandbox fields outside `hardening`. */
export function sandboxFieldHints(hardening: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(sandboxDirectives).flatMap(([field, { key }]) =>
      [field, key].map((name) => [name, `write ${inSandbox(hardening, field)}`] as const),
    ),
  );
}

/** Hints for service fields in `hardening`. */
export const hintsInHardening: Readonly<Record<string, string>> = Object.fromEntries(
  [...otherFields, ...Object.keys(serviceDirectives)].flatMap((field) =>
    [field, serviceDirectives[field as keyof typeof serviceDirectives]?.key ?? field].map(
      (name) => [name, `write ${field} beside hardening`] as const,
    ),
  ),
);

/** Hints for socket fields outside `sockets`. */
export const socketFieldHints: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(socketDirectives).flatMap(([field, { key }]) =>
    [field, key].map((name) => [name, `write ${field} in sockets[0]`] as const),
  ),
);

/** Hints for service fields in a socket. */
export const hintsInSockets: Readonly<Record<string, string>> = Object.fromEntries(
  [...otherFields, ...Object.keys(serviceDirectives)].flatMap((field) =>
    [field, serviceDirectives[field as keyof typeof serviceDirectives]?.key ?? field].map(
      (name) => [name, `write ${field} beside sockets: it belongs to the service`] as const,
    ),
  ),
);
