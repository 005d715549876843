import type { FastifyBaseLogger } from "fastify";
import type { SockactEvent } from "@sockact/core";
import { eventText, logEvent, logRejections } from "@sockact/core/adapter";

/** Writes each event to the app's log, except `listening`, which Fastify logs itself. */
export function logTo(log: FastifyBaseLogger): (event: SockactEvent) => void {
  // Without a logger, failures go to standard error.
  if (isSilent(log)) return (event) => void (hasFailed(event) && logEvent(event));
  const logRejection = logRejections((text) => log.error(text));
  return (event) => {
    if (logRejection(event)) return;
    if (event.type === "error") log.error(event.error);
    else if (hasFailed(event)) log.error(eventText(event));
    else if (event.type !== "listening") log.info(eventText(event));
  };
}

/** Whether the app has no logger. Fastify then uses one empty function for all methods. */
function isSilent({ info, error }: FastifyBaseLogger): boolean {
  return (info as unknown) === error && /\{\s*\}$/.test(String(info));
}

function hasFailed(event: SockactEvent): boolean {
  return "error" in event || "failed" in event || ("cut" in event && event.cut > 0);
}
