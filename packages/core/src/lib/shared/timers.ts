import process from "node:process";

/**
 * The time on a monotonic clock, in milliseconds. It is the clock of performance.now(), whose first use takes
 * a millisecond at a cold start, because Node then loads that object.
 */
export function now(): number {
  return process.uptime() * 1000;
}

/** setTimeout() for any time. `Infinity`, or more than Node's maximum, means never. */
export function after(timeout: number, action: () => void): NodeJS.Timeout | undefined {
  return timeout < 2 ** 31 ? setTimeout(action, timeout) : undefined;
}
