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
  /** For a rolling pair: the instances, and whether the old one ended well; null without waiting for it. */
  turn?: { from: string; to: string; drained: boolean | null };
}

/** The result for people. */
export function reportText({ name, outcome, took, confirmed, turn }: RestartReport, isUser: boolean): string {
  const ready = confirmed ? "" : " Without Type=notify, it does not report when it is ready.";
  switch (outcome) {
    case "restarted":
      return `${name} restarted in ${tookText(took)}. Its sockets stayed open.${ready}\n`;
    case "started":
      return `${name} started in ${tookText(took)}.${ready}\n`;
    case "asked":
      return `systemd restarts ${name}: ${serviceCommand("status", name, isUser)}\n`;
    case "asleep":
      return `${name} sleeps: the next connection starts the new version.\n`;
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
