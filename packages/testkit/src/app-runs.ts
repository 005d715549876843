import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folderOf, majorFor } from "./install-npm-app.ts";
import { systemdVersion } from "../../testing/src/systemd-version.ts";
import type { NpmApp } from "./unmodified-apps.ts";

/** The last run of an app in which all its tests passed. */
export interface AppRun {
  version: string;
  date: string;
  node: number;
  systemd: number;
  /** The requests during the restarts, all of which were answered. */
  requests: number;
  /** The longest time until an answer, in milliseconds. */
  longest: number;
}

const file = new URL("app-runs.json", import.meta.url);

/** The last runs by the titles of the apps, which `npm run test:apps` records. */
export function readAppRuns(): Partial<Record<string, AppRun>> {
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, AppRun>;
}

/** Records a run of today. */
export function recordRun(app: NpmApp, { requests, longest }: Pick<AppRun, "requests" | "longest">): void {
  const run: AppRun = {
    version: installedVersion(app),
    date: new Date().toISOString().slice(0, 10),
    node: majorFor(app),
    systemd: systemdVersion()!,
    requests,
    longest: Math.round(longest),
  };
  const runs = Object.entries({ ...readAppRuns(), [app.title]: run });
  const sorted = Object.fromEntries(runs.toSorted(([a], [b]) => a.localeCompare(b, "en")));
  writeFileSync(file, `${JSON.stringify(sorted, undefined, 2)}\n`);
}

/** The version of the app's package, which its lockfile names. */
export function installedVersion(app: NpmApp): string {
  const lockfile = readFileSync(join(folderOf(app), "package-lock.json"), "utf8");
  const { packages } = JSON.parse(lockfile) as { packages: Record<string, { version: string }> };
  return packages[`node_modules/${app.package}`]!.version;
}
