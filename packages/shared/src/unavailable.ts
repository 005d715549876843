/** What visitors of an app that does not start see. It says nothing about the machine. */
export const UNAVAILABLE = "This site is not available at the moment. Please try again in a minute.";

/**
 * The exit status of an app behind a proxy that sleeps, and ends before it has listened. systemd does not
 * restart it: the next visitor does.
 */
export const FAILED_START_STATUS = 43;
