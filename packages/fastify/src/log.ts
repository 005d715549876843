import type { FastifyBaseLogger } from "fastify";
import { eventText, logEvent, type SockactEvent } from "@sockact/core/adapter";

/** Writes each event to the app's own log. Where it listens, Fastify says itself. */
export function logTo(log: FastifyBaseLogger): (event: SockactEvent) => void {
  // Without a logger, what has failed must not vanish: it goes to standard error.
  if (isSilent(log)) return (event) => void (hasFailed(event) && logEvent(event));
  return (event) => {
    if (event.type === "error") log.error(event.error);
    else if (hasFailed(event)) log.error(eventText(event));
    else if (event.type !== "listening") log.info(eventText(event));
  };
}

/** Whether this is the logger of an app that has none: all of its methods are one empty function. */
function isSilent({ info, error }: FastifyBaseLogger): boolean {
  return (info as unknown) === error && /\{\s*\}$/.test(String(info));
}

function hasFailed(event: SockactEvent): boolean {
  return event.type === "error" || "failed" in event || ("cut" in event && event.cut > 0);
}
