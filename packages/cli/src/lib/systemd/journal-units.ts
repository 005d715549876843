import type { ActivatedService } from "./activated-units.ts";

/** The units whose lines belong to a service: a service with `Accept=yes` has a unit for each connection. */
export function journalUnits({ kind, service, services, sockets, health }: ActivatedService): string[] {
  return [
    ...sockets,
    ...(health === undefined ? [] : [health]),
    ...(kind === "accept" ? [service.replace("@.", "@*.")] : services),
  ];
}
