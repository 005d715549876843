import { tookText } from "../output/quantities.ts";
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
   * - `asked`: systemd was told, and nobody waited (`--no-wait`)
   * - `next`: each new connection starts the new version (`Accept=yes`)
   */
  outcome: "restarted" | "started" | "turned" | "asleep" | "asked" | "next";
  /** Milliseconds. */
  took: number;
  /** Whether the new process has said that it is ready. */
  confirmed: boolean;
  /** Of a rolling pair: the instances, and whether the old one ended well; null if nobody waited for it. */
  turn?: { from: string; to: string; drained: boolean | null };
}

/** The result for people. */
export function reportText({ name, outcome, took, confirmed, turn }: RestartReport): string {
  const ready = confirmed ? "" : " Only with Type=notify does it say when it is ready.";
  switch (outcome) {
    case "restarted":
      return `${name} restarted in ${tookText(took)}. Its sockets stayed open.${ready}\n`;
    case "started":
      return `${name} started in ${tookText(took)}.${ready}\n`;
    case "asked":
      return `systemd restarts ${name}: sockact status ${name}\n`;
    case "asleep":
      return `${name} sleeps, so there is nothing to restart. The next connection starts the new version.\n`;
    case "next":
      return `${name} runs once for each connection. New connections get the new version, and open ones keep theirs.\n`;
    case "turned": {
      const end =
        turn!.drained === null
          ? `${turn!.from} drains`
          : turn!.drained
            ? `${turn!.from} has drained`
            : `${turn!.from} did not end well: sockact logs ${name}`;
      return `${name} turned to ${turn!.to} in ${tookText(took)}, and no client waited. ${end}.\n`;
    }
  }
}
