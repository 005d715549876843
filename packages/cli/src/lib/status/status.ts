import process from "node:process";
import { jsonText } from "../shared/clean.ts";
import { print, printJson } from "../output/print.ts";
import { EXIT } from "../shared/cli-error.ts";
import { activatedServices, journalUnits } from "../systemd/activated-units.ts";
import { type JournalLines, readJournal } from "../systemd/journal.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { findOwn, timedService } from "../systemd/timed-service.ts";
import { readStatus, statusReading } from "./read-status.ts";
import type { ServiceStatus } from "./service-status.ts";
import { type SiteStatus, withCertificates } from "./site-status.ts";
import { statusDetail } from "./status-detail.ts";
import { hiddenLine, statusTable, warningLines } from "./status-table.ts";
import { mergeWarnings } from "./warnings.ts";
import { watch } from "./watch.ts";

/** The options of `sockact status`. */
export interface StatusOptions {
  user?: boolean;
  all?: boolean;
  json?: boolean;
  watch?: boolean;
}

const LOG_LINES = 5;

/** What `sockact status --json` prints. */
export interface StatusReport {
  services: ServiceStatus[];
  /** How many system services were omitted. */
  hidden: number;
}

interface Report extends StatusReport {
  /** The last log lines, if one service was requested. */
  journal?: JournalLines | undefined;
}

async function readAll(host: ServiceManager, all: boolean): Promise<Report> {
  const manager = statusReading(host);
  const [known, timed] = await Promise.all([
    activatedServices(manager, { all: true }),
    timedService(manager),
  ]);
  const shown = known.filter(({ isSystem }) => all || !isSystem).concat(timed ?? []);
  return {
    services: await readStatus(manager, shown),
    hidden: known.filter(({ isSystem }) => !all && isSystem).length,
  };
}

async function readOne(
  host: ServiceManager,
  name: string,
  siteOf: (service: ServiceStatus) => Promise<SiteStatus | null>,
): Promise<Report> {
  const manager = statusReading(host);
  const service = await findOwn(manager, name);
  const [[found], journal] = await Promise.all([
    readStatus(manager, [service]),
    // Everything else can be shown without it.
    readJournal(manager, journalUnits(service), { lines: LOG_LINES }).catch(() => undefined),
  ]);
  return { services: [{ ...found!, site: await siteOf(found!) }], hidden: 0, journal };
}

function reportText(
  { services, hidden, journal }: Report,
  name: string | undefined,
  { systemctl, user }: ServiceManager,
): string {
  if (name !== undefined) return statusDetail(services[0]!, journal, { user });
  const warnings = mergeWarnings(
    services.flatMap((service) => service.warnings),
    systemctl,
  );
  const rest = `${warningLines(warnings)}${hiddenLine(hidden)}`;
  if (services.length === 0) return `No socket of yours starts a service on this machine.\n${rest}`;
  return `${statusTable(services)}${rest === "" ? "" : `\n${rest}`}`;
}

/** Whether it is stopped or has failed, or has crashed and is not ready again. */
const isDown = ({ state, restarts }: ServiceStatus): boolean =>
  ["failed", "stopped", "not loaded", "restarting"].includes(state) || (state === "starting" && restarts > 0);

/** Shows one service, or all that sockets start, and returns the exit code. */
export async function status(name: string | undefined, options: StatusOptions): Promise<number> {
  const { user, all = false, json = false } = options;
  const manager = new ServiceManager({ user });
  let seen: Promise<SiteStatus> | undefined;
  // The proxy is not asked each second.
  const siteOf = async ({ name: own, site }: ServiceStatus) => site && (seen ??= withCertificates(site, own));
  const read = () => (name === undefined ? readAll(manager, all) : readOne(manager, name, siteOf));
  const toJson = ({ services, hidden }: Report): StatusReport => ({ services, hidden });
  if (options.watch) {
    await watch(async () => {
      const report = await read();
      return json ? `${jsonText(toJson(report))}\n` : `${reportText(report, name, manager)}\n`;
    }, process.stdout.isTTY && !json);
    return 0;
  }
  const report = await read();
  if (json) printJson(toJson(report));
  else print(reportText(report, name, manager));
  if (name === undefined) return 0;
  return isDown(report.services[0]!) ? EXIT.inactive : 0;
}
