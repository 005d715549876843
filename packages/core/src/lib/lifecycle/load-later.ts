import { afterFirstResponse } from "../shared/first-response.ts";
import { loadShutdown } from "./shutdown.ts";

/** How long after listening everything is loaded, in milliseconds. The clients that have started the process are answered by then. */
const LOADED_MS = 250;

/**
 * Loads what the end of the process needs and the first response does not. It does not wait for SIGTERM, since a deployment may have replaced the files
 * by then.
 */
export function loadLater(): void {
  // In a function, since the mere name of the other one would load its file.
  afterFirstResponse(() => setTimeout(() => loadShutdown(), LOADED_MS).unref());
}
