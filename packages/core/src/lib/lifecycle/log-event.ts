import cluster from "node:cluster";
import { ERROR, INFO, type Priority, WARNING, writeLine } from "../shared/standard-error.ts";
import { PREFIX } from "@sockact/shared/texts";
import { eventText, type SockactEvent } from "./events.ts";
import { logRejections } from "./log-rejections.ts";

function write(text: string, priority: Priority): void {
  const worker = cluster.isWorker ? `worker ${cluster.worker?.id}: ` : "";
  writeLine(`${PREFIX}${worker}${text}`, priority);
}

const logRejection = logRejections((text) => write(text, WARNING));

/**
 * Writes the event as one line to standard error, for the journal. Code that replaces process.stderr.write()
 * does not see the line. Events about rejected connections are limited to one line a minute. The line of a
 * worker of node:cluster has its number, because it is otherwise the same as that of its primary.
 */
export function logEvent(event: SockactEvent): void {
  if (!logRejection(event)) write(eventText(event), priorityOf(event));
}

/** The priority of its line and its record. */
export function priorityOf(event: SockactEvent): Priority {
  if (event.type === "error" || ("failed" in event && event.failed)) return ERROR;
  if (event.type === "health") return event.state === "unhealthy" ? WARNING : INFO;
  return event.type === "drained" && event.cut > 0 ? WARNING : INFO;
}
