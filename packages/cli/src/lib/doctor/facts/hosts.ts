import { promises as dns } from "node:dns";
import { BlockList, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { type InstalledSite, installedSite } from "../../install/install.ts";
import { type ServedCertificate, servedCertificates } from "../../proxy/certificate.ts";
import { type Proxy, proxyError, type ProxyState } from "../../proxy/proxy.ts";
import { CliError } from "../../shared/cli-error.ts";
import { readTextFile } from "../../shared/read-file.ts";
import type { Host, Subject } from "../model/subject.ts";
import { Unit } from "./units.ts";

/** How long the answer about all host names may take, in milliseconds. */
const DNS_LIMIT = 2_000;

/** How long the proxy's own check of its configuration may take, in milliseconds. It may ask the DNS too. */
const CHECK_LIMIT = 5_000;

/** The site of the service in the machine's proxy. */
export async function site({ host, name }: Subject): Promise<InstalledSite | undefined> {
  return host.manager.user ? undefined : installedSite({ user: false, root: "/" }, name);
}

/** The content of the site's file; undefined if its file is gone, or if the user may not read it. */
export async function siteText(subject: Subject): Promise<string | undefined> {
  const found = await subject.get(site);
  if (found === undefined) return undefined;
  try {
    return readTextFile(found.file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      subject.host.cannotSee(
        `${found.file} can't be read: ${(error as Error).message}`,
        `sudo cat ${found.file}`,
      );
    return undefined;
  }
}

/** A fact about a machine for each proxy. */
function forProxy<Value>(read: (host: Host, proxy: Proxy) => Promise<Value>) {
  const facts = new Map<Proxy, (host: Host) => Promise<Value>>();
  return (proxy: Proxy): ((host: Host) => Promise<Value>) => {
    const fact = facts.get(proxy) ?? (async (host: Host) => read(host, proxy));
    facts.set(proxy, fact);
    return fact;
  };
}

/** The unit of the proxy. */
export const proxyUnit = forProxy(async ({ manager }, { unit }) => {
  const [shown] = await manager.show([unit], ["LoadState", "ActiveState", "Result"]);
  return new Unit(unit, shown!, manager.systemctl);
});

/**
 * What the proxy reads from its files, or why its own check refuses them. Undefined without root, or if the proxy
 * is not installed.
 */
export const configuration = forProxy(async (host, proxy): Promise<ProxyState | CliError | undefined> => {
  const { isRoot, manager } = host;
  if (!isRoot || !(await host.get(proxyUnit(proxy))).isLoaded) return undefined;
  try {
    return await proxy.read(manager.with(AbortSignal.timeout(CHECK_LIMIT)));
  } catch (error) {
    if (error instanceof CliError) return error;
    // The program is not installed any more, or it takes too long.
    return proxyError((error as Error).message, `Run its own check: ${proxy.name} --help`);
  }
});

/** The certificates that the proxy serves for the host names. */
export async function certificates(subject: Subject): Promise<ServedCertificate[]> {
  const found = await subject.get(site);
  if (found === undefined || (await subject.host.get(proxyUnit(found.proxy))).state !== "active") return [];
  return servedCertificates(found);
}

/** What the DNS has for a host name: addresses, none, or an error's code if the DNS can't be asked. */
export interface HostRecords {
  host: string;
  addresses: readonly string[];
  error?: string;
}

/** Names that the DNS does not have. */
const isLocalName = (host: string): boolean => !host.includes(".") || /\.(?:localhost|local)$/.test(host);

/**
 * The addresses of the host names, as visitors get them. /etc/hosts counts only if the name server reads it, as
 * systemd-resolved does.
 */
export async function records(subject: Subject): Promise<HostRecords[]> {
  const { hosts = [] } = (await subject.get(site)) ?? {};
  const resolver = new dns.Resolver({ timeout: DNS_LIMIT / 2, tries: 2 });
  const timer = setTimeout(() => resolver.cancel(), DNS_LIMIT);
  const find = async (host: string): Promise<HostRecords> => {
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const addresses = answers.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
    const codes = answers.flatMap((each) =>
      each.status === "rejected" ? [(each.reason as NodeJS.ErrnoException).code ?? "EUNKNOWN"] : [],
    );
    const error = codes.find((code) => code !== "ENOTFOUND" && code !== "ENODATA");
    return { host, addresses, ...(addresses.length === 0 && error !== undefined && { error }) };
  };
  const found = await Promise.all(hosts.filter((host) => !isLocalName(host)).map(find));
  clearTimeout(timer);
  return found;
}

/** Addresses that no other network can reach. */
const unroutable = new BlockList();
for (const [network, prefix] of [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const)
  unroutable.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of [
  ["::1", 128],
  ["fc00::", 7],
  ["fe80::", 10],
] as const)
  unroutable.addSubnet(network, prefix, "ipv6");

export const isPublic = (address: string): boolean =>
  !unroutable.check(address, isIPv6(address) ? "ipv6" : "ipv4");

/** The addresses of this machine. */
export async function ownAddresses(): Promise<string[]> {
  return Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
}
