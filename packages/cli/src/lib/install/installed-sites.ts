import { hostNames } from "../proxy/host-names.ts";
import { proxyOfFile } from "../proxy/find-proxy.ts";
import type { Proxy } from "../proxy/proxy.ts";
import { installedNames, readManifest } from "./manifest.ts";
import type { Place } from "./places.ts";

/** The site of an installed service in the machine's proxy. */
export interface InstalledSite {
  name: string;
  hosts: string[];
  /** The path of its file. */
  file: string;
  proxy: Proxy;
}

/** The site of a service; undefined if there is none, or if the user may not read its record. */
export function installedSite(place: Place, name: string): InstalledSite | undefined {
  try {
    const { files = [], description } = readManifest(place, name) ?? {};
    const { hosts } = Object(description) as { hosts?: unknown };
    for (const { path: file } of files) {
      const proxy = proxyOfFile(file, name);
      if (proxy !== undefined) return { name, hosts: hostNames([hosts].flat(), "hosts"), file, proxy };
    }
  } catch {
    // What can't be read is shown as what is not there.
  }
  return undefined;
}

/** The sites of all services that sockact has installed. */
export const installedSites = (place: Place): InstalledSite[] =>
  installedNames(place).flatMap((name) => installedSite(place, name) ?? []);
