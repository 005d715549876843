import { entryText } from "../output/entry-text.ts";
import type { Progress } from "../output/progress.ts";
import { clean } from "../shared/clean.ts";
import { colour } from "../shared/messages.ts";
import { type ClosedSocket, closedText } from "../systemd/closed-addresses.ts";
import type { JournalEntry } from "../systemd/journal.ts";
import { otherInstance } from "./pair.ts";
import type { RollingEvent } from "./roll-options.ts";

/** An event of a step. */
export type ChangeEvent =
  /** Sockets are opened again. */
  | { type: "opening"; units: readonly string[] }
  | { type: "starting" | "draining"; unit: string }
  /** These sockets do not listen, and a reload does not change that. */
  | { type: "closed"; sockets: readonly ClosedSocket[] }
  /** A handover of a unit is in progress, while this process serves. After a while, it is slow. */
  | { type: "handing-over" | "handover-slow"; unit: string; pid: string }
  /** A handover of a unit is done, and the old process has open requests. */
  | { type: "handed-over"; from: number; to: number }
  | { type: "log"; entry: JournalEntry }
  /** The last messages of an instance that did not start. */
  | { type: "messages"; messages: readonly string[] }
  /** A step of a rolling restart. */
  | { type: "rolling"; name: string; step: RollingEvent };

/** Called with each event. */
export type Report = (event: ChangeEvent) => void;

/** Prints an event. */
export function showEvent(event: ChangeEvent, working: Progress): void {
  switch (event.type) {
    case "opening":
      return working.update(`Opening ${event.units.join(" and ")} again`);
    case "starting":
      return working.update(`${event.unit} starts`);
    case "draining":
      return working.update(`${event.unit} drains: it answers its open requests`);
    case "closed":
      return working.line(`${closedText(event.sockets)}. The reload does not change that.`);
    case "handing-over":
      return working.retitle(
        `Starting the new version of ${event.unit}; process ${event.pid} serves meanwhile`,
      );
    case "handover-slow":
      return working.line(
        `The new version of ${event.unit} is not ready yet, and process ${event.pid} serves meanwhile. The limit is handoverTimeout, which is 60 s by default.`,
      );
    case "handed-over":
      return working.update(
        `Process ${event.to} serves, and process ${event.from} drains: it answers its open requests`,
      );
    case "log":
      return working.line(entryText(event.entry, { colour }));
    case "messages":
      for (const message of event.messages) working.line(clean(message));
      return;
    case "rolling":
      if (event.step.type === "aborted") working.line(stepText(event.name, event.step));
      else working.update(stepText(event.name, event.step));
  }
}

function stepText(name: string, step: RollingEvent): string {
  switch (step.type) {
    case "waiting":
      return `Another restart of ${name} is under way. Waiting for it`;
    case "starting":
      return `Starting ${name}@${step.instance}; ${name}@${otherInstance(step.instance)} serves meanwhile`;
    case "ready":
      return `${name}@${step.instance} is ready`;
    case "stopping":
      return `${name}@${step.instance} drains: it answers its open requests`;
    case "stopped":
      return `${name}@${step.instance} has stopped${step.drained ? "" : ", but did not end well"}`;
    case "aborted": {
      const states = Object.entries(step.states ?? {}).map(
        ([instance, state]) => `${name}@${instance} is ${state}`,
      );
      return states.length === 0 ? "Interrupted" : `Interrupted: ${states.join(", and ")}`;
    }
  }
}
