import { installedSite } from "../install/install.ts";
import { asJson, certificateText, type HostCertificate, servedCertificates } from "../proxy/certificate.ts";

/** The site of a service in the machine's proxy. */
export interface SiteStatus {
  hosts: string[];
  file: string;
  proxy: "caddy" | "nginx";
  /** The certificate of each host name, in `sockact status NAME` only. */
  certificates: Record<string, HostCertificate> | null;
}

/** The site of a service; null if there is none, or if the user may not read its record. */
export function siteStatus(name: string, user: boolean): SiteStatus | null {
  const site = installedSite({ user, root: "/" }, name);
  return site === undefined
    ? null
    : { hosts: site.hosts, file: site.file, proxy: site.proxy.name, certificates: null };
}

/** The site with its certificates. */
export async function withCertificates(site: SiteStatus, name: string): Promise<SiteStatus> {
  const found = installedSite({ user: false, root: "/" }, name);
  if (found === undefined) return site;
  const served = await servedCertificates(found);
  return { ...site, certificates: Object.fromEntries(served.map((each) => [each.host, asJson(each)])) };
}

/** The lines about it, as text. */
export function siteLines({ hosts, proxy, certificates }: SiteStatus, now: Date): string[] {
  return hosts.map((host) => {
    const certificate = certificates?.[host];
    const text = certificate === undefined ? "" : `, certificate: ${certificateText(certificate, now)}`;
    return `${host} by ${proxy}${text}`;
  });
}
