import type { IPEndpoint } from "../../systemd/ip-endpoints.ts";
import { listItem } from "../../systemd/escaping.ts";
import { setsVariable } from "../../read/fields/environment.ts";

/**
 * Environment= lines that tell a Node program where to listen, unless the description sets the variable.
 * Next.js reads HOSTNAME, other programs HOST.
 */
export function portVariables({ port, host }: IPEndpoint, description: Record<string, unknown>): string[] {
  return Object.entries({ PORT: port, HOST: host, HOSTNAME: host }).flatMap(([name, value]) =>
    value === undefined || setsVariable(description, name) ? [] : [listItem(`${name}=${value}`)],
  );
}
