import process from "node:process";

/**
 * The time on a clock that is never set, in milliseconds. It is the clock of performance.now(), which costs a cold start a millisecond: Node loads
 * that object at its first use.
 */
export function now(): number {
  return process.uptime() * 1000;
}

/** setTimeout() for any time: `Infinity`, or more than a timer of Node can, is never. */
export function after(timeout: number, action: () => void): NodeJS.Timeout | undefined {
  return timeout < 2 ** 31 ? setTimeout(action, timeout) : undefined;
}
