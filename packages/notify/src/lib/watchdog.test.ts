import { once } from "node:events";
import process from "node:process";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { expect, type MockInstance, onTestFinished, test, vi } from "vitest";
import { environmentState } from "./environment.ts";
import { processState } from "./process-state.ts";
import { startWatchdog, watchdogEnabled, type WatchdogOptions } from "./watchdog.ts";

/** The variables of sd_watchdog_enabled(3), for one test. */
function setEnvironment(usec: string | undefined, pid: string | undefined): void {
  vi.stubEnv("WATCHDOG_USEC", usec);
  vi.stubEnv("WATCHDOG_PID", pid);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    environmentState.environment = undefined;
  });
}

/** Replaces process.emitWarning() for one test, because a process emits each code only once. */
function watchWarnings(): MockInstance<typeof process.emitWarning> {
  processState("warn", { codes: new Set() }).codes.clear();
  const warned = vi.spyOn(process, "emitWarning").mockReturnValue();
  onTestFinished(() => warned.mockRestore());
  return warned;
}

const own = String(process.pid);

test.each([
  ["no process is watched", undefined, undefined, undefined],
  ["no process is watched, because an empty variable counts as unset", "", own, undefined],
  ["this process is watched", "3000000", undefined, 3000],
  ["this process is watched, by its pid", "3000000", own, 3000],
  ["this process is watched, because an empty pid counts as unset", "3000000", "", 3000],
  ["another process is watched", "3000000", "1", undefined],
  ["this process is watched, with less than a millisecond", "1", undefined, 0.001],
])("%s", (_, usec, pid, timeout) => {
  setEnvironment(usec, pid);
  expect(watchdogEnabled()).toBe(timeout);
});

test.each([
  ["0", undefined],
  ["-1", undefined],
  ["abc", undefined],
  ["3s", undefined],
  ["3000000 ", undefined],
  ["18446744073709551615", undefined],
  ["0", "1"],
  ["3000000", "0"],
  ["3000000", "self"],
])("WATCHDOG_USEC=%j and WATCHDOG_PID=%j are an error that starts and removes nothing", (usec, pid) => {
  setEnvironment(usec, pid);
  const error = expect.objectContaining({ code: "SOCKACT_ERR_WATCHDOG_ENVIRONMENT" });
  expect(() => watchdogEnabled()).toThrow(error);
  expect(() => startWatchdog()).toThrow(error);
  expect(process.env["WATCHDOG_USEC"]).toBe(usec);
});

test("the variables of the watchdog stay until it starts", () => {
  setEnvironment("3000000", own);
  watchdogEnabled();
  expect([process.env["WATCHDOG_USEC"], process.env["WATCHDOG_PID"]]).toEqual(["3000000", own]);
  startWatchdog()?.stop();
  expect([process.env["WATCHDOG_USEC"], process.env["WATCHDOG_PID"]]).toEqual([undefined, undefined]);
  expect(watchdogEnabled()).toBe(3000);
});

test("onFailure and healthCheck may be undefined, as if they were left out", async () => {
  setEnvironment("20000", undefined);
  const warned = watchWarnings();
  startWatchdog({ healthCheck: undefined, onFailure: undefined })?.stop();
  expect(warned).not.toHaveBeenCalled();
  const watchdog = startWatchdog({ healthCheck: () => false, onFailure: undefined });
  await vi.waitFor(() => expect(warned).toHaveBeenCalled(), { timeout: 45_000 });
  watchdog?.stop();
});

test.each([
  ["more often than a timer can fire", "1", 1],
  ["less often than a timer can fire", "18446744073709551614", 2 ** 31 - 1],
])("a watchdog that wants pings %s gets them as a timer can send them", (_, usec, interval) => {
  setEnvironment(usec, undefined);
  const watchdog = startWatchdog();
  watchdog?.stop();
  expect(watchdog?.interval).toBe(interval);
});

test.each<[string, NonNullable<WatchdogOptions["healthCheck"]>, string]>([
  ["false", () => false, "healthCheck() returned false"],
  ["a rejection", () => Promise.reject(new Error("no database")), "no database"],
  ["no answer", () => new Promise(() => {}), "healthCheck() has not answered in 10 ms"],
])(
  "a health check that gives %s is reported each time, and never throws",
  async (_, healthCheck, message) => {
    setEnvironment("20000", undefined);
    const onFailure = vi.fn<(error: unknown) => void>();
    const watchdog = startWatchdog({ healthCheck, onFailure });
    await vi.waitFor(() => expect(onFailure.mock.calls.length).toBeGreaterThan(2), { timeout: 45_000 });
    watchdog?.stop();
    expect(watchdog?.interval).toBe(10);
    expect(onFailure).toHaveBeenLastCalledWith(expect.objectContaining({ message }));
  },
);

test.each<[string, NonNullable<WatchdogOptions["healthCheck"]>, RegExp]>([
  ["false", () => false, /: SOCKACT_ERR_WATCHDOG_HEALTH: healthCheck\(\) returned false$/],
  [
    "an error",
    () => Promise.reject(new TypeError("no database")),
    /: healthCheck\(\) threw TypeError: no database$/,
  ],
  ["nothing", () => Promise.reject(), /: healthCheck\(\) threw undefined$/],
])("a warning says why no ping was sent: %s", async (_, healthCheck, message) => {
  const detail =
    "Without pings, the service manager ends the service after WatchdogSec=. Find out why the app is not healthy.";
  setEnvironment("20000", undefined);
  const warned = watchWarnings();
  const watchdog = startWatchdog({ healthCheck });
  await vi.waitFor(() => expect(warned).toHaveBeenCalled(), { timeout: 45_000 });
  watchdog?.stop();
  expect(warned).toHaveBeenCalledWith(
    expect.stringMatching(message),
    expect.objectContaining({ code: "SOCKACT_WARN_WATCHDOG", detail }),
  );
});

test.each([
  ["while it waits for the answer", false],
  ["before it asks too", true],
])(
  "a health check whose event loop is blocked %s is not reported as a failure",
  async (_, isBlockedBefore) => {
    setEnvironment("20000", undefined);
    // Fakes only the time of the pings.
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const timers: NodeJS.Timeout[] = [];
    // Blocks the event loop, as the garbage collector can. The next ping comes before Node has read the
    // answer.
    const blockUntilPing = (): void => {
      timers.push(setTimeout(() => vi.advanceTimersByTime(10), 1));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    };
    const { port1, port2 } = new MessageChannel();
    const onFailure = vi.fn<(error: unknown) => void>();
    const healthCheck = vi.fn<() => Promise<boolean>>(async () => {
      await turnOfTheLoop();
      if (isBlockedBefore) blockUntilPing();
      await turnOfTheLoop();
      const answered = once(port1, "message");
      port2.postMessage("healthy");
      blockUntilPing();
      await answered;
      return true;
    });
    const watchdog = startWatchdog({ healthCheck, onFailure });
    while (healthCheck.mock.calls.length < 5 && onFailure.mock.calls.length === 0) await turnOfTheLoop();
    watchdog?.stop();
    await Promise.all(healthCheck.mock.results.map(({ value }) => value as Promise<boolean>));
    for (const timer of timers) clearTimeout(timer);
    vi.useRealTimers();
    port1.close();
    expect(onFailure).not.toHaveBeenCalled();
  },
);

test("a health check that answers after stop() sends no ping", async () => {
  setEnvironment("20000", undefined);
  // Every ping to this socket fails.
  environmentState.environment = { socket: "nowhere", watchdogUsec: "20000", watchdogPid: undefined };
  const onFailure = vi.fn<(error: unknown) => void>();
  let answer: (isHealthy: boolean) => void = () => {};
  const healthCheck = (): Promise<boolean> => new Promise((resolve) => (answer = resolve));
  startWatchdog({ healthCheck, onFailure })?.stop();
  answer(true);
  await turnOfTheLoop();
  expect(onFailure).not.toHaveBeenCalled();
});
