import type { Place } from "../../systemd/ip-endpoints.ts";
import { item } from "../../systemd/escaping.ts";
import { setsVariable } from "../../read/fields/environment.ts";

/** Environment= that tells a program of Node where to listen, as far as the description does not. Next.js reads HOSTNAME, and others HOST. */
export function portVariables({ port, host }: Place, description: Record<string, unknown>): string[] {
  return Object.entries({ PORT: port, HOST: host, HOSTNAME: host }).flatMap(([name, value]) =>
    value === undefined || setsVariable(description, name) ? [] : [item(`${name}=${value}`)],
  );
}
