import type { AppDescription, UnitSet } from "@sockact/units";
import type { DetectedApp } from "../app/detect-app.ts";
import type { BundleRecord, ExtraFile } from "../install/install.ts";
import type { UnreadEnvFile } from "./env-file.ts";

/** What to bundle. */
export type WantedBundle = Pick<BundleRecord, "entry" | "preloads" | "isNeeded">;

/** What the program needs that reads what the service offers. */
export interface ForReader {
  /** Where the lines belong. */
  title: string;
  lines: readonly string[];
  /** The same for `--json`. */
  data: object;
}

/** A service to install. */
export interface WantedService {
  description: AppDescription;
  units: UnitSet;
  /** The app, if the folder has no config. */
  app: DetectedApp | undefined;
  /** The absolute path of the config, if there is one. */
  config: string | undefined;
  /** The folder of the app. */
  folder: string;
  extraFiles: ExtraFile[];
  /** The system user to create, unless it exists. */
  account?: string | undefined;
  /** Files that the service writes, and that an uninstallation removes. */
  made?: string[] | undefined;
  /** What the service sees of home directories, if nothing else. */
  bound: string[];
  /** Files of variables that systemd reads, or that nothing reads. */
  unread: string[];
  envFile: UnreadEnvFile | undefined;
  /** The bundle in the description. */
  bundle?: WantedBundle | undefined;
  reader?: ForReader | undefined;
  /** Notes for the user, in sentences. */
  notes: string[];
}

/** The name of the service's own unit. */
export function unitOf({
  units,
  description: { name },
}: Pick<WantedService, "units" | "description">): string {
  const names = [`${name}.service`, `${name}@.service`, `${name}.container`];
  return names.find((unit) => units.files.has(unit))!;
}

/** The values of a directive of the service's own unit. */
export function ownValues(service: WantedService, directive: string): readonly string[] {
  const unit = unitOf(service);
  return ["Service", "Container"].flatMap((section) => service.units.values(unit, section, directive));
}
