import {
  HANDED_OVER,
  HANDOVER_FAILED,
  PREFIX,
  RELOAD_FAILED,
  RELOADED,
  RELOADING,
  TOOK_OVER,
} from "@sockact/core/texts";
import { entryText } from "../output/entry-text.ts";
import type { Progress } from "../output/progress.ts";
import { colour } from "../shared/messages.ts";
import { type JournalEntry, newLines } from "../systemd/journal.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";

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

  has(text: string): boolean {
    return this.ofApp.some(({ message }) => message.includes(text));
  }

  /** Whether the app has written the result of each reload. */
  get isComplete(): boolean {
    const lines = this.ofApp.filter(({ message }) => message.startsWith(PREFIX));
    const count = (text: string) => lines.filter(({ message }) => message.includes(text)).length;
    const results = count(RELOADED) + count(RELOAD_FAILED) + count(HANDOVER_FAILED);
    const handovers = count(HANDED_OVER);
    // The new process logs a handover later than the old one.
    return count(RELOADING) <= results + handovers && handovers <= count(TOOK_OVER);
  }

  async update(): Promise<void> {
    for (const entry of await this.#read()) {
      // The command of ExecReload= repeats what the app has logged.
      const isRepeated = this.entries.some(({ message }) => message.startsWith(`${PREFIX}${entry.message}`));
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
