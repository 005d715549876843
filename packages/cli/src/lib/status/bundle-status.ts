import { statSync } from "node:fs";
import { join } from "node:path";
import { bundleText } from "../install-app/bundle.ts";
import { filesFolder, readManifest } from "../install/install.ts";
import { LOADER } from "../bundle/files.ts";
import { serviceCommand } from "../shared/own-command.ts";

/** The bundle of a service. */
export interface BundleStatus {
  /** What it contains, or why there is none. */
  text: string;
  /** The code of that reason. */
  fallback: string | null;
  /** Whether a file of the app has changed since then. */
  outdated: boolean;
}

/** The bundle of a service; null if none was requested, or if the user may not read its record. */
export function bundleStatus(name: string, user: boolean): BundleStatus | null {
  try {
    const record = readManifest({ user, root: "/" }, name)?.bundle;
    if (record === undefined) return null;
    const { mtimeMs } = statSync(join(filesFolder({ name, user }), LOADER));
    const changed = (path: string) => (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > mtimeMs;
    return {
      text: bundleText(record),
      fallback: record.fallback?.code ?? null,
      outdated: (record.sources ?? []).some(changed),
    };
  } catch {
    return null;
  }
}

/** The lines about it, as text. */
export function bundleLines(bundle: BundleStatus, name: string, user: boolean): string[] {
  const fix = serviceCommand("restart", name, user);
  return [
    bundle.text,
    ...(bundle.outdated ? [`older than the code of the app, which this bundles again: ${fix}`] : []),
  ];
}
