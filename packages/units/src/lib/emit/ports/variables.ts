import type { IPEndpoint } from "../../systemd/ip-endpoints.ts";
import { listItem } from "../../systemd/escaping.ts";
import { setsVariable } from "../../read/fields/environment.ts";

/** Environment= that tells a program of Node where to listen, as far as the description does not. Next.js reads HOSTNAME, and others HOST. */
export function portVariables({ port, host }: IPEndpoint, description: Record<string, unknown>): string[] {
  return Object.entries({ PORT: port, HOST: host, HOSTNAME: host }).flatMap(([name, value]) =>
    value === undefined || setsVariable(description, name) ? [] : [listItem(`${name}=${value}`)],
  );
}
