import { writeSync } from "node:fs";
import { EVENT, METRICS } from "@sockact/shared/records";
import { readActivation } from "../activation/read.ts";
import { journal } from "../shared/journal.ts";
import { leadsToJournal } from "../shared/record.ts";

/**
 * Writes metrics of the app to the journal. The endpoint of `sockact metrics` shows the last ones, also while
 * the app sleeps. Call it in `onStop`, and every minute.
 *
 * - Returns `true` if journald has got them.
 * - Returns `false` if the unit does not pass the journal (`OpenFile=`, systemd 253), if the metrics are longer
 *   than the kernel allows for one message, which is about 200 kB, or if the queue of journald is full.
 *
 * @param text in the text format of Prometheus, version 0.0.4
 * @throws ActivationError the errors of activatedSockets()
 */
export function recordMetrics(text: string): boolean {
  readActivation();
  const { fd } = journal;
  // The check also makes it non-blocking: a journald that hangs must not stop the app.
  if (typeof fd !== "number" || !leadsToJournal(fd)) return false;
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  // A value with line breaks follows its length: systemd.io/JOURNAL_NATIVE_PROTOCOL.
  const fields = [`${EVENT}=metrics\n${METRICS}\n`, text, "\n"].map((field) => Buffer.from(field));
  fields.splice(1, 0, size);
  try {
    writeSync(fd, Buffer.concat(fields));
    return true;
  } catch {
    return false;
  }
}
