import { onFirstResponse } from "./first-response.ts";
import { loadShutdown } from "./shutdown.ts";

/** How long the process may listen until everything is loaded, in milliseconds. */
const LOADED_MS = 1000;

/**
 * Loads what the first response does not need, and the end of the process does, soon after that response. It does not wait for SIGTERM, since a
 * deployment may have replaced the files by then.
 */
export function loadLater(): void {
  // Each call of loadShutdown() is in a function of its own: the mere name of it would load the file.
  const forgetResponse = onFirstResponse(() => {
    clearTimeout(timer);
    // After the others that were asked for in the same turn of the event loop.
    setImmediate(() => loadShutdown());
  });
  const timer = setTimeout(() => {
    forgetResponse();
    loadShutdown();
  }, LOADED_MS).unref();
}
