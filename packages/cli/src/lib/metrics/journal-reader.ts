import { statSync } from "node:fs";
import process from "node:process";
import { METRICS } from "@sockact/shared/records";
import { JOURNAL_CLOSED } from "../printed/journalctl.ts";
import { streamFields } from "../systemd/follow-journal.ts";
import type { JournalFields } from "../systemd/journal.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { metricsRecord, type MetricsRecord } from "./metrics-record.ts";
import { eventMatches, type JournalEvent, journalEvent } from "./journal-event.ts";

/** An entry, and its position. */
export interface Entry {
  event: JournalEvent | undefined;
  /** What an app has recorded of its own. */
  record: MetricsRecord | undefined;
  cursor: string;
  /** When journald got it, in milliseconds since 1970. */
  time: number;
}

interface ReadOptions {
  /** The position, or an empty string. */
  cursor: string;
  /** Whether to go on with new entries. */
  follow: boolean;
  /** Whether to read the metrics that apps have recorded of their own. */
  ofApps: boolean;
}

/**
 * Returns a string that changes when the journal gets another folder: that of an app with `LogNamespace=`, or
 * /var/log/journal. A journalctl that follows the journal notices neither.
 */
export const journalFolders = (): string =>
  ["/run/log/journal", "/var/log/journal"].map((path) => folderVersion(path)).join();

function folderVersion(path: string): string {
  try {
    const { ino, mtimeNs } = statSync(path, { bigint: true });
    return `${ino} ${mtimeNs}`;
  } catch {
    return "";
  }
}

/** Reads the entries after a position, by default those of this boot, until the signal is aborted. */
export async function readEvents(
  { user }: ServiceManager,
  { cursor, follow, ofApps }: ReadOptions,
  onEntry: (entry: Entry) => void,
  signal: AbortSignal,
): Promise<{ isRestricted: boolean }> {
  const uid = process.getuid?.();
  const options = [
    ...(follow ? ["--follow", "--no-tail"] : []),
    cursor === "" ? "--boot" : `--after-cursor=${cursor}`,
    ...eventMatches(user, uid, ofApps ? { metrics: METRICS } : {}),
  ];
  const onFields = (fields: JournalFields) =>
    onEntry({
      event: journalEvent(fields, user, uid),
      record: ofApps ? metricsRecord(fields) : undefined,
      cursor: String(fields["__CURSOR"]),
      time: Number(fields["__REALTIME_TIMESTAMP"]) / 1000,
    });
  const { isRestricted, complaint } = await streamFields(options, onFields, signal);
  // A user may read the own journal, if there is one.
  return { isRestricted: user ? JOURNAL_CLOSED.test(complaint) : isRestricted };
}
