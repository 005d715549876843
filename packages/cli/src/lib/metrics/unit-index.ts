import type { ActivatedService } from "../systemd/activated-units.ts";

/** Finds the service of a unit. */
export type UnitIndex = (unit: string) => ActivatedService | undefined;

/** An index of the units of these services, without health sockets, which start none of them. */
export function unitIndex(services: readonly ActivatedService[]): UnitIndex {
  const units = new Map<string, ActivatedService>();
  for (const service of services) {
    for (const unit of [...service.sockets, ...service.services]) units.set(unit, service);
    // With Accept=yes, each connection has a unit of this template.
    if (service.kind === "accept") units.set(service.service, service);
  }
  return (unit) => units.get(unit) ?? units.get(unit.replace(/@.*\.service$/s, "@.service"));
}
