import {
  HANDED_OVER,
  HANDOVER_FAILED,
  PREFIX,
  RELOAD_FAILED,
  RELOADED,
  RELOADING,
  TOOK_OVER,
} from "@sockact/shared/texts";
import { newLines } from "../systemd/follow-journal.ts";
import { type JournalEntry, syncJournal } from "../systemd/journal.ts";
import type { ChangeTools } from "./change.ts";
import type { HandoverCode } from "./failures.ts";

const handoverCode = /\b(SOCKACT_ERR_HANDOVER_[A-Z]+): /;

/** The lines that the units log during a reload, reported as they arrive. */
export class ReloadLog {
  /** The lines of the app. */
  readonly messages: string[] = [];
  readonly #entries: JournalEntry[] = [];
  readonly #read: () => Promise<JournalEntry[]>;
  readonly #tools: ChangeTools;

  constructor(tools: ChangeTools, units: readonly string[]) {
    this.#read = newLines(tools.manager, units, Date.now());
    this.#tools = tools;
  }

  get ofSystemd(): JournalEntry[] {
    return this.#entries.filter(({ from }) => from === "systemd");
  }

  has(text: string): boolean {
    return this.messages.some((message) => message.includes(text));
  }

  /** The code of a failed handover, if the app has logged one. */
  get handoverCode(): HandoverCode | undefined {
    const codes = this.messages.map((message) => handoverCode.exec(message)?.[1]);
    return codes.findLast((code) => code !== undefined) as HandoverCode | undefined;
  }

  /** Whether the app has logged the result of each reload. */
  get isComplete(): boolean {
    const lines = this.messages.filter((message) => message.startsWith(PREFIX));
    const count = (text: string) => lines.filter((line) => line.includes(text)).length;
    const results = count(RELOADED) + count(RELOAD_FAILED) + count(HANDOVER_FAILED);
    const handovers = count(HANDED_OVER);
    // The new process logs a handover after the old one.
    return count(RELOADING) <= results + handovers && handovers <= count(TOOK_OVER);
  }

  /** Also waits for lines that journald has not written yet. */
  async sync(): Promise<void> {
    await syncJournal(this.#tools.manager);
    await this.update();
  }

  async update(): Promise<void> {
    for (const entry of await this.#read()) {
      // The command of ExecReload= repeats a line of the app.
      const isRepeated = this.#entries.some(({ message }) => message.startsWith(`${PREFIX}${entry.message}`));
      this.#entries.push(entry);
      if (entry.from === "app") this.messages.push(entry.message);
      if (entry.from === "app" && !isRepeated) this.#tools.report({ type: "log", entry });
    }
  }
}
