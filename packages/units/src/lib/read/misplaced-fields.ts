import { isObject, type Directive } from "./fields/fields.ts";
import { measures } from "./sandbox/directives.ts";
import { otherFields, serviceDirectives } from "./fields/service-directives.ts";
import { socketDirectives } from "./fields/socket-directives.ts";

/** What to write for a field of the sandbox, beside what the description has as `hardening`. */
export function inSandbox(hardening: unknown, field: string): string {
  if (isObject(hardening)) return `${field} in hardening`;
  const profile = hardening === "inbound" || hardening === "none" ? `profile: '${hardening}', ` : "";
  return `hardening: { ${profile}${field}: … }`;
}

/** The directives of the sandbox, by what to write for each. */
export function ofSandbox(hardening: unknown): Record<string, Directive> {
  return Object.fromEntries(
    Object.entries(measures).map(([field, measure]) => [inSandbox(hardening, field), measure] as const),
  );
}

/** What to write instead of a field of the sandbox that is not in `hardening`. */
export function outOfPlace(hardening: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(measures).flatMap(([field, { key }]) =>
      [field, key].map((name) => [name, `write ${inSandbox(hardening, field)}`] as const),
    ),
  );
}

/** What to write instead of a field of the service that is in `hardening`. */
export const besideHardening: Readonly<Record<string, string>> = Object.fromEntries(
  [...otherFields, ...Object.keys(serviceDirectives)].flatMap((field) =>
    [field, serviceDirectives[field as keyof typeof serviceDirectives]?.key ?? field].map(
      (name) => [name, `write ${field} beside hardening`] as const,
    ),
  ),
);

/** What to write instead of a field of a socket that is beside `sockets`. */
export const ofASocket: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(socketDirectives).flatMap(([field, { key }]) =>
    [field, key].map((name) => [name, `write ${field} in sockets[0]`] as const),
  ),
);

/** What to write instead of a field of the service that is in a socket. */
export const besideSockets: Readonly<Record<string, string>> = Object.fromEntries(
  [...otherFields, ...Object.keys(serviceDirectives)].flatMap((field) =>
    [field, serviceDirectives[field as keyof typeof serviceDirectives]?.key ?? field].map(
      (name) => [name, `write ${field} beside sockets: it is the service's`] as const,
    ),
  ),
);
