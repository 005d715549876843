import { colourOut } from "../output/print.ts";
import { agoText, bytesText, tookText } from "../output/quantities.ts";
import { table } from "../output/table.ts";
import type { Style } from "../shared/colour.ts";
import { count } from "../shared/messages.ts";
import type { ServiceState } from "../systemd/unit-state.ts";
import type { ServiceStatus, TimerStatus, Warning } from "./service-status.ts";

/** The colour of each state. */
export const stateStyles: Record<ServiceState, Style> = {
  awake: "green",
  asleep: "blue",
  starting: "yellow",
  restarting: "yellow",
  draining: "yellow",
  failed: "red",
  stopped: "dim",
  "not loaded": "red",
};

const dash = (text: string | undefined | null): string =>
  text === undefined || text === null || text === "" ? "–" : text;

/** How often a timer starts its service. */
export const everyText = ({ every }: TimerStatus): string =>
  every === null ? "by a timer" : `every ${every}`;

/** The different addresses: a pair of sockets may use the same path. */
function addressesOf({ sockets, timer }: ServiceStatus): string[] {
  if (timer !== null) return [everyText(timer)];
  return [...new Set(sockets.flatMap(({ addresses }) => addresses.map(({ address }) => address)))];
}

function wakeText({ lastStart }: ServiceStatus, now: Date): string {
  if (lastStart === null) return "–";
  const ago = `${agoText(new Date(lastStart.at), now)} ago`;
  return lastStart.took === null ? ago : `${ago}, ${tookText(lastStart.took)}`;
}

function connectionsText({ connections }: ServiceStatus): string {
  if (connections === null) return "–";
  return connections.waiting === 0 ? `${connections.open}` : `${connections.open}+${connections.waiting}`;
}

/** The services in a table that fits the terminal. */
export function statusTable(
  services: readonly ServiceStatus[],
  { width, now = new Date() }: { width?: number | undefined; now?: Date } = {},
): string {
  const rows = services.map((service) => [
    service.name,
    dash(addressesOf(service).join("\n")),
    `${colourOut(stateStyles[service.state], service.state)}${service.drained ? colourOut("yellow", ", drained") : ""}`,
    dash(service.pids.join("\n")),
    dash(service.user),
    service.memory === null ? "–" : bytesText(service.memory),
    connectionsText(service),
    String(service.restarts),
    wakeText(service, now),
    service.exposure === null ? "–" : service.exposure.toFixed(1),
  ]);
  return table(
    [
      "NAME",
      "ADDRESS",
      "STATE",
      { title: "PID", align: "right", optional: 1 },
      { title: "USER", optional: 7 },
      { title: "MEMORY", align: "right", optional: 3 },
      { title: "CONN", align: "right", optional: 2 },
      { title: "RESTARTS", align: "right", optional: 6 },
      { title: "LAST START", optional: 4 },
      { title: "RISK", align: "right", optional: 5 },
    ],
    rows,
    { width },
  );
}

/** The warnings, each with a line for the problem and one for the fix. */
export function warningLines(warnings: readonly Warning[]): string {
  return warnings
    .map(({ message, fix }) => `${colourOut("yellow", "!")} ${message}\n  ${colourOut("dim", fix)}\n`)
    .join("");
}

/** How many services the table omits. */
export function hiddenLine(hidden: number): string {
  return hidden === 0
    ? ""
    : `${colourOut("dim", `${count(hidden, "service")} of the system ${hidden === 1 ? "is" : "are"} not shown: --all`)}\n`;
}
