import { durationOf } from "@sockact/shared/durations";
import { runChange } from "../change/change.ts";
import {
  checkPlace,
  type InstalledSite,
  installedSite,
  isDrained,
  type Place,
  setDrained,
  unsetDrained,
} from "../install/install.ts";
import { print, printJson } from "../output/print.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { count, warn } from "../shared/messages.ts";
import { serviceCommand } from "../shared/own-command.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { waitForClients } from "./clients.ts";
import { type Drainable, findDrainable } from "./drainable.ts";

/** The options of `sockact drain` and `sockact undrain`. */
export interface DrainOptions {
  user?: boolean;
  json?: boolean;
  /** A duration with its unit, only for `drain`. */
  wait?: string;
}

/** What `sockact drain --json` and `sockact undrain --json` print for each service. */
interface DrainReport {
  name: string;
  /** Whether probes get 503 now. */
  drained: boolean;
  /** Whether this call changed it. */
  changed: boolean;
  /**
   * With `--wait`: the number of open connections at the end. Missing if no socket starts the service,
   * because its connections can't be counted.
   */
  connections?: number;
  /** With `--wait`: whether no client was connected for long enough. */
  quiet?: boolean;
}

const placeOf = (user: boolean): Place => ({ user, root: "/" });

/**
 * Makes services answer health probes with 503, so that load balancers use other hosts. Returns the exit
 * code.
 */
export async function drain(names: readonly string[], options: DrainOptions): Promise<number> {
  const { user = false, json = false } = options;
  const place = placeOf(user);
  checkPlace(place, "drain");
  const limit = limitOf(options.wait);
  const manager = new ServiceManager({ user });
  // An unknown name changes nothing.
  const services = await Promise.all(names.map((name) => findDrainable(manager, name)));
  const reports: DrainReport[] = [];
  for (const service of services) {
    const changed = setDrained(place, service.name);
    reports.push({ name: service.name, drained: true, changed });
    if (!json) print(drainedText(service, changed, user));
    if (!(await answersProbes(service, manager))) warnOfSilence(service);
    const site = user ? undefined : installedSite(place, service.name);
    if (site !== undefined) warnOfProxy(site);
  }
  let code = 0;
  if (limit !== undefined) code = await waitForAll(services, reports, { limit, user });
  if (json) printJson(reports);
  const busy = reports.filter(({ quiet }) => quiet === false);
  if (code === 0 && busy.length > 0) throw waitError(busy, options.wait!, user);
  return code;
}

/** Undoes `drain`. Returns the exit code. */
export async function undrain(
  names: readonly string[],
  { user = false, json = false }: DrainOptions,
): Promise<number> {
  const place = placeOf(user);
  checkPlace(place, "undrain");
  const manager = new ServiceManager({ user });
  const reports: DrainReport[] = [];
  for (const given of names) {
    // A removed service may have left its file.
    const isFile = /^[\w:.\\-]+$/.test(given) && isDrained(place, given);
    const name = isFile ? given : (await findDrainable(manager, given)).name;
    reports.push({ name, drained: false, changed: unsetDrained(place, name) });
  }
  if (json) printJson(reports);
  else
    for (const { name, changed } of reports)
      print(
        changed
          ? `${name} is no longer drained. Clients come back when the load balancer has probed it.\n`
          : `${name} was not drained.\n`,
      );
  return 0;
}

function limitOf(wait: string | undefined): number | undefined {
  if (wait === undefined) return undefined;
  const limit = durationOf(wait);
  if (limit !== undefined && limit > 0 && Number.isFinite(limit)) return limit;
  throw new CliError(
    "SOCKACT_ERR_USAGE",
    `--wait must be a duration above 0 with its unit; got ${JSON.stringify(wait)}`,
    "Write for example --wait 30s or --wait 2min.",
  );
}

function drainedText({ name, isTemplate }: Drainable, changed: boolean, user: boolean): string {
  const undo = serviceCommand("undrain", name, user);
  const what = isTemplate ? `${name} with all its instances` : name;
  return changed
    ? `${what} is drained: probes get 503. New clients go elsewhere once the load balancer has probed it.\nTo end that, also after a reboot: ${undo}\n`
    : `${what} is already drained. To end that: ${undo}\n`;
}

/** Whether the units show that health probes are answered. */
async function answersProbes({ services }: Drainable, manager: ServiceManager): Promise<boolean> {
  if (services.some(({ health }) => health !== undefined)) return true;
  const [first] = services;
  // With Accept=yes and no connection, any instance has the template's settings.
  const unit = first!.services[0] ?? first!.service.replace("@.", "@0.");
  const [shown] = await manager.show([unit], ["Id", "Environment"]);
  return /(?:^|[\s"])SOCKACT_HEALTH=/.test(shown?.Environment ?? "");
}

function warnOfSilence({ name }: Drainable): void {
  warn(
    `the units of ${name} have neither health nor healthSocket. Unless the code of the app sets health, no load balancer notices this.`,
  );
}

/** The sites have no health checks, which would wake the app. */
function warnOfProxy({ name, hosts, proxy }: InstalledSite): void {
  warn(
    `${proxy.name} on this machine does not probe, and goes on passing visitors of ${hosts.join(" and ")} to ${name}. Only a load balancer in front of it uses other hosts.`,
  );
}

async function waitForAll(
  services: readonly Drainable[],
  reports: DrainReport[],
  { limit, user }: { limit: number; user: boolean },
): Promise<number> {
  const title = "Waiting until no client is connected";
  return runChange(title, { user }, async ({ manager, ifInterrupted }, working) => {
    ifInterrupted("The services stay drained.");
    for (const { name, services: each } of services)
      if (each.every(({ sockets }) => sockets.length === 0))
        warn(`no socket starts ${name}, so its connections can't be counted. This waits for the whole time.`);
    await Promise.all(
      services.map(async (service, index) => {
        const onCount = (left: number) => working.retitle(`${service.name}: ${count(left, "connection")}`);
        const sockets = service.services.flatMap((one) => one.sockets);
        const { isQuiet, open } = await waitForClients(sockets, { manager, limit, onCount });
        reports[index]!.quiet = isQuiet;
        if (sockets.length > 0) reports[index]!.connections = open;
      }),
    );
    if (!reports.every(({ quiet }) => quiet)) working.failed();
    else if (reports.every(({ connections }) => connections === 0))
      working.done("No client is connected any more");
    else working.done("The time is over");
    return 0;
  });
}

function waitError(busy: readonly DrainReport[], wait: string, user: boolean): CliError {
  const left = busy.map(({ name, connections }) =>
    connections === 0
      ? `${name} still gets short connections`
      : `${name} has ${count(connections!, "open connection")}`,
  );
  return new CliError(
    "SOCKACT_ERR_DRAIN_WAIT",
    `after ${wait}, ${left.join(" and ")}. The service is still drained, and the clients stay connected`,
    `Wait again, or end it: ${busy.map(({ name }) => serviceCommand("restart", name, user)).join("; ")}. That, or systemctl stop, first answers the open requests. A load balancer may keep idle connections to a host that is down: close them there.`,
    { exitCode: EXIT.failed },
  );
}
