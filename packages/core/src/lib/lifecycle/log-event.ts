import { writeLine } from "../shared/standard-error.ts";
import { eventText, type SockactEvent } from "./events.ts";
import { logRejections } from "./log-rejections.ts";

const write = (text: string): void => writeLine(`sockact: ${text}`);

const logRejection = logRejections(write);

/**
 * Writes the event as one line to standard error, which the journal shows. Code that replaces process.stderr.write() does not see the line. Events about
 * rejected connections are at most one line a minute.
 */
export function logEvent(event: SockactEvent): void {
  if (event.type === "rejected") logRejection(event);
  else write(eventText(event));
}
