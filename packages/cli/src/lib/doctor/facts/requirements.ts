import type { Subject } from "../model/subject.ts";
import { serviceProperties } from "./properties.ts";

/** A unit, other than its sockets, that the service requires. */
export interface Requirement {
  unit: string;
  LoadState: string;
  ActiveState: string;
}

/** The units that the service requires, in the order of its file. */
export async function requirements(subject: Subject): Promise<Requirement[]> {
  const service = await subject.get(serviceProperties);
  const names = ["Requires", "Requisite", "BindsTo"].flatMap((directive) => service.list(directive));
  const units = [...new Set(names)].filter((unit) => !subject.units.includes(unit));
  const found = await subject.host.manager.show(units, ["Id", "LoadState", "ActiveState"]);
  return found.map(({ LoadState, ActiveState }, index) => ({ unit: units[index]!, LoadState, ActiveState }));
}
