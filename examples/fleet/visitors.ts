import { fileURLToPath } from "node:url";
import type { Fleet } from "./fleet.ts";

/** What a client was told about its own address. */
export interface Seen {
  /** The protocol and the port of the frontend of HAProxy, such as `https:8443`. */
  frontend: string;
  kind: "request" | "WebSocket";
  /** The host that has answered. */
  host: string;
  /** The address and the port of the client, as the client and the app see them. */
  client: string;
  app: string;
}

const program = fileURLToPath(new URL("visitors-program.mjs", import.meta.url));

/** Visits each frontend by HTTP and by WebSocket, until every host has answered. */
export async function addressesSeen({ office }: Fleet): Promise<Seen[]> {
  const { systemd } = office;
  return JSON.parse(await systemd.mustRun([systemd.node, systemd.inside(program)])) as Seen[];
}
