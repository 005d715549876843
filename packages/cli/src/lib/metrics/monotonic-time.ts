import process from "node:process";

/** Microseconds of the monotonic clock, which systemd and the journal use. */
export const monotonicTime = (): number => Number(process.hrtime.bigint() / 1000n);
