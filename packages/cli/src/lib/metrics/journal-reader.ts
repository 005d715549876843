import process from "node:process";
import { JOURNAL_CLOSED } from "../printed/journalctl.ts";
import { streamFields } from "../systemd/follow-journal.ts";
import type { JournalFields } from "../systemd/journal.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { eventMatches, isMetricsRecord, type JournalEvent, journalEvent } from "./journal-event.ts";

/** An entry, and its position. */
export interface Entry {
  event: JournalEvent | undefined;
  /** Whether an app has recorded metrics of its own. */
  hasMetrics: boolean;
  cursor: string;
  /** When journald got it, in milliseconds since 1970. */
  time: number;
}

/**
 * Reads the entries after a position, by default those of this boot, until the signal is aborted. With
 * `follow`, new ones are included.
 */
export async function readEvents(
  { user }: ServiceManager,
  { cursor, follow }: { cursor: string; follow: boolean },
  onEntry: (entry: Entry) => void,
  signal: AbortSignal,
): Promise<{ isRestricted: boolean }> {
  const uid = process.getuid?.();
  const options = [
    ...(follow ? ["--follow", "--no-tail"] : []),
    cursor === "" ? "--boot" : `--after-cursor=${cursor}`,
    ...eventMatches(user, uid),
  ];
  const onFields = (fields: JournalFields) =>
    onEntry({
      event: journalEvent(fields, user, uid),
      hasMetrics: isMetricsRecord(fields),
      cursor: String(fields["__CURSOR"]),
      time: Number(fields["__REALTIME_TIMESTAMP"]) / 1000,
    });
  const { isRestricted, complaint } = await streamFields(options, onFields, signal);
  // A user may read the own journal, if there is one.
  return { isRestricted: user ? JOURNAL_CLOSED.test(complaint) : isRestricted };
}
