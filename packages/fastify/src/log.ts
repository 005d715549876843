import type { FastifyBaseLogger } from "fastify";
import { eventText, type SockactEvent } from "@sockact/core/adapter";

/** Writes each event to the app's own log. Where it listens, Fastify says itself. */
export function logTo(log: FastifyBaseLogger): (event: SockactEvent) => void {
  return (event) => {
    if (event.type === "error") log.error(event.error);
    else if (event.type !== "listening") log.info(eventText(event));
  };
}
