import { EVENT, METRICS } from "@sockact/shared/records";
import { readActivation } from "../activation/read.ts";
import { journal } from "../shared/journal.ts";
import { sendRecord } from "../shared/record.ts";

/**
 * Writes metrics of the app to the journal. The endpoint of `sockact metrics` shows the last ones, also while
 * the app sleeps. Call it in `onStop`, and every minute.
 *
 * - Returns `true` if journald has got them.
 * - Returns `false` if the unit does not pass the journal (`OpenFile=`, systemd 253), if the metrics are longer
 *   than the kernel allows for one message, which is about 200 kB, if the queue of journald is full, or
 *   in a worker of node:cluster: call it in the primary.
 *
 * @param text the metrics, in the text format of Prometheus, version 0.0.4
 * @throws ActivationError the errors of activatedSockets()
 */
export function recordMetrics(text: string): boolean {
  readActivation();
  // The counters of several workers would be taken for those of processes that follow each other.
  if (journal.fd === undefined || journal.fd === "primary") return false;
  // A value with line breaks follows its length: systemd.io/JOURNAL_NATIVE_PROTOCOL.
  const value = Buffer.from(text);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(value.length));
  return sendRecord(`${EVENT}=metrics\n${METRICS}\n${size.toString("latin1")}${value.toString("latin1")}\n`);
}
