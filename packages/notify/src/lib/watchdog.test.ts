import { expect, onTestFinished, test, vi } from "vitest";
import { state } from "./state.ts";
import { startWatchdog, watchdogInterval, type WatchdogOptions } from "./watchdog.ts";

test.each([
  ["nobody watches", undefined, undefined, undefined],
  ["this process is watched", "3000000", undefined, 1500],
  ["this process is watched, by its pid", "3000000", "42", 1500],
  ["another is watched", "3000000", "43", undefined],
  ["more often than a timer fires", "1", undefined, 1],
  ["more seldom than a timer can", "18446744073709551615", undefined, 2 ** 31 - 1],
])("%s", (_, usec, pid, interval) => {
  expect(watchdogInterval(usec, pid, 42)).toBe(interval);
});

test.each([
  ["0", undefined],
  ["", undefined],
  ["3s", undefined],
  ["3000000", ""],
  ["3000000", "0"],
  ["3000000", "self"],
])("WATCHDOG_USEC=%j and WATCHDOG_PID=%j are an error", (usec, pid) => {
  expect(() => watchdogInterval(usec, pid, 42)).toThrow(
    expect.objectContaining({ code: "ERR_WATCHDOG_ENVIRONMENT" }),
  );
});

test.each<[string, NonNullable<WatchdogOptions["healthCheck"]>, string]>([
  ["false", () => false, "healthCheck() returned false"],
  ["a rejection", () => Promise.reject(new Error("no database")), "no database"],
  ["no answer", () => new Promise(() => {}), "healthCheck() has not answered in 10 ms"],
])(
  "a health check that gives %s is reported each time, and never throws",
  async (_, healthCheck, message) => {
    state.environment = { socket: undefined, watchdogUsec: "20000", watchdogPid: undefined };
    onTestFinished(() => {
      state.environment = undefined;
    });
    const onFailure = vi.fn<(error: unknown) => void>();
    const watchdog = startWatchdog({ healthCheck, onFailure });
    await vi.waitFor(() => expect(onFailure.mock.calls.length).toBeGreaterThan(2));
    watchdog?.stop();
    expect(watchdog?.interval).toBe(10);
    expect(onFailure).toHaveBeenLastCalledWith(expect.objectContaining({ message }));
  },
);
