import type { ActivatedService } from "./activated-units.ts";

/** The units whose journal is that of a service: a service of `Accept=yes` has one for each connection. */
export function journalUnits({ kind, service, services, sockets }: ActivatedService): string[] {
  return [...sockets, ...(kind === "accept" ? [service.replace("@.", "@*.")] : services)];
}
