import { tookText } from "../output/quantities.ts";
import { serviceCommand } from "../shared/own-command.ts";
import type { ActivatedService } from "../systemd/activated-units.ts";

/** What `sockact restart --json` prints. */
export interface RestartReport {
  name: string;
  kind: ActivatedService["kind"];
  /**
   * - `restarted`: the service was stopped and started
   * - `started`: it did not run, since it or a socket had failed
   * - `turned`: the other instance of a rolling pair serves now
   * - `asleep`: it does not run, and the next connection starts the new version
   * - `asked`: systemd was asked, without waiting (`--no-wait`)
   * - `next`: each new connection starts the new version (`Accept=yes`)
   */
  outcome: "restarted" | "started" | "turned" | "asleep" | "asked" | "next";
  /** Milliseconds. */
  took: number;
  /** Whether the new process has reported that it is ready. */
  confirmed: boolean;
  /** The socket units that were restarted too, because systemd had no descriptor for their addresses. */
  reopened?: string[];
  /** For a rolling pair: the instances, and whether the old one ended well; null without waiting for it. */
  turn?: { from: string; to: string; drained: boolean | null };
}

const openedText = (units: readonly string[]): string =>
  units.length === 1
    ? `${units[0]} was opened again, because its unit had changed.`
    : `${units.join(" and ")} were opened again, because their units had changed.`;

/** The result for people. */
export function reportText(report: RestartReport, isUser: boolean): string {
  const { name, outcome, took, confirmed, turn, reopened } = report;
  const again = reopened === undefined ? "" : ` ${openedText(reopened)}`;
  const ready = confirmed ? "" : " Without Type=notify, it does not report when it is ready.";
  switch (outcome) {
    case "restarted":
      return `${name} restarted in ${tookText(took)}.${again || " Its sockets stayed open."}${ready}\n`;
    case "started":
      return `${name} started in ${tookText(took)}.${again}${ready}\n`;
    case "asked":
      return `systemd restarts ${name}: ${serviceCommand("status", name, isUser)}\n`;
    case "asleep":
      return `${name} sleeps: the next connection starts the new version.${again}\n`;
    case "next":
      return `${name} runs once for each connection: new ones get the new version.\n`;
    case "turned": {
      const end =
        turn!.drained === null
          ? `${turn!.from} drains`
          : turn!.drained
            ? `${turn!.from} has drained`
            : `${turn!.from} did not end well: ${serviceCommand("logs", name, isUser)}`;
      return `${name} turned to ${turn!.to} in ${tookText(took)}, and no client waited. ${end}.\n`;
    }
  }
}
