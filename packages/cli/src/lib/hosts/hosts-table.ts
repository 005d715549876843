import { colourOut } from "../output/print.ts";
import { agoText } from "../output/quantities.ts";
import { table } from "../output/table.ts";
import { certificateText, type HostCertificate } from "../proxy/certificate.ts";
import type { Style } from "../shared/colour.ts";
import { stateStyles } from "../status/status-table.ts";
import type { HostStatus } from "./host-status.ts";

const certificateStyles: Partial<Record<HostCertificate["state"], Style>> = {
  expires: "yellow",
  expired: "red",
  "other-host": "red",
  missing: "red",
};

/** When somebody was there: now, some time ago, or at some time since the app woke. */
function visitText({ connections, awakeSince, lastVisit }: HostStatus, now: Date): string {
  if (connections !== null && connections > 0) return "now";
  if (awakeSince !== null) return `awake for ${agoText(new Date(awakeSince), now)}`;
  return lastVisit === null ? "–" : `${agoText(new Date(lastVisit), now)} ago`;
}

/** The host names in a table that fits the terminal. */
export function hostsTable(
  hosts: readonly HostStatus[],
  { width, now = new Date() }: { width?: number | undefined; now?: Date } = {},
): string {
  return table(
    ["HOST", "APP", "STATE", "LAST VISIT", "CERTIFICATE", { title: "PROXY", optional: 1 }],
    hosts.map((each) => {
      const { host, name, state, drained, certificate, proxy } = each;
      const style = certificateStyles[certificate.state];
      const text = certificateText(certificate, now);
      return [
        host,
        name,
        `${colourOut(stateStyles[state], state)}${drained ? colourOut("yellow", ", drained") : ""}`,
        visitText(each, now),
        style === undefined ? text : colourOut(style, text),
        proxy,
      ];
    }),
    { width },
  );
}
