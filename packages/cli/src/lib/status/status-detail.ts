import { entryText } from "../output/entry-text.ts";
import { colourOut } from "../output/print.ts";
import { agoText, bytesText, tookText } from "../output/quantities.ts";
import { count } from "../shared/messages.ts";
import { JOURNAL_HINT, type JournalLines } from "../systemd/journal.ts";
import { bundleLines } from "./bundle-status.ts";
import { siteLines } from "./site-status.ts";
import { isClosed, type ServiceStatus, type SocketStatus, type UnitStatus } from "./service-status.ts";
import { everyText, stateStyles, warningLines } from "./status-table.ts";

const LABEL = 11;

function field(label: string, lines: readonly string[]): string {
  return lines
    .map((line, index) => `  ${colourOut("dim", (index === 0 ? label : "").padEnd(LABEL))}${line}\n`)
    .join("");
}

function socketLines(socket: SocketStatus): string[] {
  const { unit, active, addresses, backlog, enabled } = socket;
  const state = isClosed(socket) ? "does not listen" : active === "active" ? "listens" : active;
  const queue = backlog === null ? "" : `, ${count(backlog, "client")} may wait`;
  const heading = `${unit}: ${state}, ${enabled}${queue}`;
  return [
    heading,
    ...addresses.map(({ address, type, listens, clients }) => {
      const kind = type === "stream" ? "" : ` (${type})`;
      if (!listens && active === "active") return `  ${address}${kind}: does not listen`;
      if (clients === null) return `  ${address}${kind}`;
      const waiting = clients.waiting === 0 ? "" : `, ${clients.waiting} not accepted yet`;
      return `  ${address}${kind}: ${count(clients.open, "connection")}${waiting}`;
    }),
  ];
}

function unitLines({ unit, active, sub, type, pid, oldPids, user, memory, text }: UnitStatus): string[] {
  const size = memory === null ? "" : `, ${bytesText(memory)}`;
  return [
    `${unit}: ${active} (${sub}), Type=${type}`,
    ...(pid === null ? [] : [`  pid ${pid}, user ${user}${size}`]),
    ...oldPids.map((old) => `  pid ${old} drains: it is the old process of a handover`),
    ...(text === null ? [] : [`  says: ${text}`]),
  ];
}

function wakeLine({ lastStart, restarts }: ServiceStatus, now: Date): string {
  if (lastStart === null) return "none since the boot";
  const took = lastStart.took === null ? "" : `, ready after ${tookText(lastStart.took)}`;
  const crashes = restarts === 0 ? "" : `, ${count(restarts, "restart")} after a crash`;
  return `${agoText(new Date(lastStart.at), now)} ago${took}${crashes}`;
}

/** The details of a service, as text. */
export function statusDetail(
  service: ServiceStatus,
  journal: JournalLines | undefined,
  { now = new Date(), user = false }: { now?: Date; user?: boolean } = {},
): string {
  const { name, state, drained, sockets, health, timer, units, exposure, bundle, site } = service;
  const commands = [...new Set(units.map(({ command }) => command).filter((command) => command !== ""))];
  const files = [
    ...sockets,
    ...(health === null ? [] : [health]),
    ...(timer === null ? [] : [timer]),
    ...units,
  ]
    .map(({ file }) => file)
    .filter((file) => file !== null);
  const warnings = warningLines(service.warnings);
  const log =
    journal === undefined
      ? ""
      : journal.entries.length > 0
        ? `\n${journal.entries.map((entry) => `${entryText(entry, { now })}\n`).join("")}`
        : journal.isRestricted
          ? `\n${colourOut("dim", `You may not read the log. ${JOURNAL_HINT}`)}\n`
          : "";
  return [
    `${colourOut(stateStyles[state], "●")} ${colourOut("bold", name)} ${colourOut(stateStyles[state], state)}${drained ? colourOut("yellow", ", drained") : ""}\n`,
    field("Sockets", sockets.flatMap(socketLines)),
    field("Health", health === null ? [] : socketLines(health)),
    field(
      "Timer",
      timer === null ? [] : [`${timer.unit}: ${timer.active}, ${timer.enabled}, ${everyText(timer)}`],
    ),
    field("Hosts", site === null ? [] : siteLines(site, now)),
    field("Service", units.flatMap(unitLines)),
    field("Command", commands),
    field("Bundle", bundle === null ? [] : bundleLines(bundle, name, user)),
    field("Last start", [wakeLine(service, now)]),
    field("Risk", exposure === null ? [] : [`${exposure.toFixed(1)} of 10 (systemd-analyze security)`]),
    field("Files", [...new Set([...files, ...(site === null ? [] : [site.file])])]),
    warnings === "" ? "" : `\n${warnings}`,
    log,
  ].join("");
}
