import type { AppDescription } from "@sockact/units";
import { unitsOf } from "../config/load-config.ts";

/** A service, with its units as texts by file name. */
export interface ServiceUnits {
  description: AppDescription;
  units: Record<string, string>;
}

/** Emits the units of each service, for this version of systemd unless the description has one. */
export function emitServices(
  descriptions: readonly AppDescription[],
  source: string,
  options: { systemd?: number | undefined; comments?: boolean | undefined },
): ServiceUnits[] {
  const { systemd, comments = false } = options;
  return descriptions.map((written) => {
    const description =
      written.systemd === undefined && systemd !== undefined ? { ...written, systemd } : written;
    return { description, units: unitsOf(description, source, { comments }) };
  });
}
