import { durationOf } from "@sockact/shared/durations";
import { type InstalledSite, installedSites, readManifest } from "../install/install.ts";
import { colourOut, print, printJson } from "../output/print.ts";
import { asJson, certificateText, type HostCertificate, servedCertificates } from "../proxy/certificate.ts";
import { ownCommand, serviceCommand } from "../shared/own-command.ts";
import { readStatus, statusReading } from "../status/read-status.ts";
import type { ServiceStatus } from "../status/service-status.ts";
import { activatedServices } from "../systemd/activated-units.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { serves } from "../systemd/unit-state.ts";
import type { HostStatus } from "./host-status.ts";
import { hostsTable } from "./hosts-table.ts";

/** What `sockact hosts --json` prints. */
interface HostsReport {
  hosts: HostStatus[];
  /** The proxies of these hosts, and whether they run. */
  proxies: { name: string; unit: string; active: boolean }[];
}

/** Shows the host names of all services, and returns the exit code. */
export async function hosts({ json = false }: { json?: boolean }): Promise<number> {
  const manager = new ServiceManager();
  const sites = installedSites({ user: false, root: "/" });
  if (sites.length === 0 && !json) {
    const install = ownCommand("install", "server.js", "--name", "shop", "--host", "shop.example.com");
    print(`No service of sockact has a host name. To install one: ${install}\n`);
    return 0;
  }
  const report = await read(manager, sites);
  if (json) printJson(report);
  else print(`${hostsTable(report.hosts)}${warnings(report, manager)}`);
  return 0;
}

async function read(manager: ServiceManager, sites: readonly InstalledSite[]): Promise<HostsReport> {
  const proxies = [...new Set(sites.map(({ proxy }) => proxy))];
  const names = new Set(sites.map(({ name }) => name));
  const services = async () => {
    const reading = statusReading(manager);
    const known = sites.length === 0 ? [] : await activatedServices(reading);
    return readStatus(
      reading,
      known.filter(({ name }) => names.has(name)),
      { isRated: false },
    );
  };
  const [statuses, units, certificates] = await Promise.all([
    services(),
    manager.show(
      proxies.map(({ unit }) => unit),
      ["ActiveState"],
    ),
    Promise.all(sites.map((site) => servedCertificates(site))),
  ]);
  return {
    hosts: sites.flatMap((site, index) => {
      const status = statuses.find(({ name }) => name === site.name);
      return site.hosts.map((host, at) => hostStatus(host, site, status, asJson(certificates[index]![at]!)));
    }),
    proxies: proxies.map(({ name, unit }, index) => ({ name, unit, active: serves(units[index]!) })),
  };
}

function hostStatus(
  host: string,
  { name, proxy, file }: InstalledSite,
  status: ServiceStatus | undefined,
  certificate: HostCertificate,
): HostStatus {
  const isUp = status !== undefined && status.pids.length > 0;
  return {
    host,
    name,
    // Somebody has removed its units.
    state: status?.state ?? "not loaded",
    drained: status?.drained ?? false,
    proxy: proxy.name,
    file,
    certificate,
    connections: status?.connections?.open ?? null,
    awakeSince: isUp ? (status.lastStart?.at ?? null) : null,
    lastVisit: status === undefined ? null : lastVisit(status),
  };
}

function lastVisit({ name, lastStart, lastStop }: ServiceStatus): string | null {
  if (lastStop === null) return null;
  const { description } = readManifest({ user: false, root: "/" }, name) ?? {};
  const { idleTimeout } = Object(description) as { idleTimeout?: unknown };
  const idle = typeof idleTimeout === "string" ? (durationOf(idleTimeout) ?? 0) : 0;
  const woke = lastStart === null ? 0 : Date.parse(lastStart.at);
  return new Date(Math.max(woke, Date.parse(lastStop) - idle)).toISOString();
}

/** What keeps visitors out, with a command for each. */
function warnings({ hosts: shown, proxies }: HostsReport, { systemctl }: ServiceManager): string {
  const down = proxies.filter(({ active }) => !active);
  const lines = down.map(({ unit }) => [
    `${unit} does not run, so nobody reaches its hosts`,
    `${systemctl} start ${unit}`,
  ]);
  const faults = shown.filter(
    ({ certificate: { state }, proxy }) =>
      ["expires", "expired", "other-host", "missing"].includes(state) &&
      !down.some(({ name }) => name === proxy),
  );
  for (const { host, name, certificate } of faults)
    lines.push([
      `${host}: certificate ${certificateText(certificate)}`,
      serviceCommand("doctor", name, false),
    ]);
  return lines
    .map(([message, fix]) => `\n${colourOut("yellow", "!")} ${message}\n  ${colourOut("dim", fix!)}\n`)
    .join("");
}
