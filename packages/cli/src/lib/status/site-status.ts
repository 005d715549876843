import { readManifest } from "../install/install.ts";
import { hostNames } from "../proxy/host-names.ts";
import { proxyOfFile } from "../proxy/find-proxy.ts";

/** The site of a service in the machine's proxy. */
export interface SiteStatus {
  hosts: string[];
  file: string;
}

/** The site of a service; null if there is none, or if the user may not read its record. */
export function siteStatus(name: string, user: boolean): SiteStatus | null {
  try {
    const { files = [], description } = readManifest({ user, root: "/" }, name) ?? {};
    const site = files.find(({ path }) => proxyOfFile(path, name) !== undefined);
    const { hosts } = Object(description) as { hosts?: unknown };
    return site === undefined ? null : { hosts: hostNames([hosts].flat(), "hosts"), file: site.path };
  } catch {
    return null;
  }
}
