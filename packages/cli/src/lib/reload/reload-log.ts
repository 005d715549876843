import { entryText } from "../output/entry-text.ts";
import type { Progress } from "../output/progress.ts";
import { colour } from "../shared/messages.ts";
import { type JournalEntry, newLines } from "../systemd/journal.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";

/** The status that core sends to systemd and logs when a part of a reload has failed. systemd itself considers the reload done, because the app keeps running. */
export const failedReload = /the reload failed/;

/** The status that core sends to systemd after a reload of an app without `onReload`. */
export const emptyReload = /nothing was reloaded, as the app has no onReload/;

/** The status that core sends to systemd and logs when the old process could not hand over to a new one. Without a command of ExecReload= that waits, systemd considers the reload done. */
export const failedHandover = /the handover failed, and the old version keeps serving/;

/** The lines that the units write during the reload, which are shown as they come. */
export class ReloadLog {
  readonly entries: JournalEntry[] = [];
  /** The lines of the app, as text. */
  readonly messages: string[] = [];
  readonly #started = performance.now();
  #hasWarned = false;
  readonly #read: () => Promise<JournalEntry[]>;
  readonly #working: Progress;

  constructor(
    { manager, working }: { manager: ServiceManager; working: Progress },
    units: readonly string[],
  ) {
    this.#read = newLines(manager, units, Date.now());
    this.#working = working;
  }

  /** The lines of the app. */
  get ofApp(): JournalEntry[] {
    return this.entries.filter(({ from }) => from === "app");
  }

  has(pattern: RegExp): boolean {
    return this.ofApp.some(({ message }) => pattern.test(message));
  }

  /** Whether the app has written the result of each reload. */
  get isComplete(): boolean {
    const count = (pattern: RegExp) => this.entries.filter(({ message }) => pattern.test(message)).length;
    const results = count(/\breloaded\b/) + count(failedReload) + count(failedHandover);
    const handovers = count(/\bhanded over to process\b/);
    // The new process logs a handover later than the old one.
    return count(/\breloading\b/) <= results + handovers && handovers <= count(/\btook over from process\b/);
  }

  async update(): Promise<void> {
    for (const entry of await this.#read()) {
      // The command of ExecReload= repeats what the app has logged.
      const isRepeated = this.entries.some(({ message }) => message.startsWith(`sockact: ${entry.message}`));
      this.entries.push(entry);
      if (entry.from === "app") this.messages.push(entry.message);
      if (entry.from === "app" && !isRepeated) this.#working.line(entryText(entry, { colour }));
    }
  }

  /** Shows a line if the reload has taken this long, in milliseconds. */
  warnOnce(after: number, text: string): void {
    if (this.#hasWarned || performance.now() - this.#started < after) return;
    this.#hasWarned = true;
    this.#working.line(text);
  }
}
