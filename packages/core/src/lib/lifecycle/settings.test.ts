import process from "node:process";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ActivationError } from "../shared/errors.ts";
import { type LifecycleOptions, readSettings } from "./settings.ts";

afterEach(() => vi.unstubAllEnvs());

function refusal(options: object): ActivationError {
  try {
    readSettings(options);
  } catch (error) {
    if (error instanceof ActivationError) return error;
    throw error;
  }
  throw new Error(`${Object.keys(options).join(", ")} was taken`);
}

describe("a wrong option is refused, and the error names it", () => {
  test.each<[name: string, values: unknown[]]>([
    [
      "drainTimeout",
      ["10", 30, 0.5, "", "ten", "1 fortnight", -1, NaN, Infinity, false, true, null, {}, 10n, "-1s", "1s30"],
    ],
    [
      "idleTimeout",
      ["10", 30, 0.5, "", true, "yes", -1, NaN, Infinity, null, [], "5 minutes later", 0, "0s"],
    ],
    ["idleExitStatus", ["42", "", true, null, [], -1, 256, 1.5, NaN, Infinity, 42n]],
    [
      "health",
      [
        true,
        null,
        "",
        "healthz",
        "no",
        "/healthz?",
        "/a?b",
        "/a#b",
        "/a b",
        "/a\n",
        "/\u00e9",
        "http://a/",
        1,
        ["/a"],
      ],
    ],
    ["notify", ["no", "yes", 0, 1, null, {}]],
    ["watchdog", ["on", 1, null]],
    ["signals", ["SIGTERM", ["SIGNOTHING"], ["SIGKILL"], ["SIGSTOP"], [15], 15, null, { SIGTERM: true }]],
    ["onListen", [true, Promise.resolve(), null]],
    ["onReload", [true, "reload"]],
    ["onStop", [1]],
    ["healthCheck", [true]],
    ["onDrainUpgraded", [{}]],
    ["onEvent", ["event", { handleEvent() {} }]],
  ])("%s", (name, values) => {
    for (const value of values) {
      const { code, message, hint } = refusal({ [name]: value });
      expect({ value, code }).toEqual({ value, code: "SOCKACT_ERR_OPTION" });
      expect(message).toContain(`The option ${name} must be `);
      expect(hint).not.toBe("");
    }
  });

  test("only the hint for a duration mentions units", () => {
    expect(refusal({ notify: "1" }).hint).toBe("Write notify: false, for example.");
    expect(refusal({ idleExitStatus: "42" }).hint).toBe("Write idleExitStatus: 42, for example.");
  });
});

describe("a wrong variable is refused, and the error names it", () => {
  test.each([
    ["SOCKACT_DRAIN_TIMEOUT", "10"],
    ["SOCKACT_DRAIN_TIMEOUT", "off"],
    ["SOCKACT_IDLE_TIMEOUT", "on"],
    ["SOCKACT_IDLE_TIMEOUT", "5"],
    ["SOCKACT_IDLE_EXIT_STATUS", "256"],
    ["SOCKACT_IDLE_EXIT_STATUS", "-1"],
    ["SOCKACT_IDLE_EXIT_STATUS", "4 2"],
    ["SOCKACT_IDLE_EXIT_STATUS", "5min"],
    ["SOCKACT_HEALTH", "yes"],
    ["SOCKACT_HEALTH", "healthz"],
    ["SOCKACT_HEALTH", "/healthz#full"],
    ["SOCKACT_NOTIFY", "maybe"],
    ["SOCKACT_WATCHDOG", "2"],
    ["SOCKACT_SIGNALS", "TERM"],
    ["SOCKACT_SIGNALS", "SIGTERM,SIGINT"],
    ["SOCKACT_SIGNALS", "SIGKILL"],
  ])("%s=%s", (name, text) => {
    vi.stubEnv(name, text);
    const { code, message, hint } = refusal({});
    expect(code).toBe("SOCKACT_ERR_OPTION");
    expect(message).toMatch(new RegExp(`^${name} must be .*; got "${text}"$`));
    expect(hint).not.toBe("");
  });
});

describe("a number without a unit is refused, and the hint has both readings", () => {
  test.each<[LifecycleOptions, string]>([
    [{ drainTimeout: 30 as 0 }, "Write drainTimeout: '30s' for seconds, or '30ms' for milliseconds."],
    [{ drainTimeout: "10" }, "Write drainTimeout: '10s' for seconds, or '10ms' for milliseconds."],
    [
      { idleTimeout: 300_000 as 0 },
      "Write idleTimeout: '300000s' for seconds, or '300000ms' for milliseconds.",
    ],
    [{ idleTimeout: 1.5 as 0 }, "Write idleTimeout: '1.5s' for seconds, or '1.5ms' for milliseconds."],
    [{ drainTimeout: 1e10 as 0 }, "Write drainTimeout: '30s', for example."],
    [{ drainTimeout: Infinity as 0 }, "Write drainTimeout: 'infinity'."],
    [{ idleTimeout: Infinity as 0 }, "Write idleTimeout: false."],
    [{ idleTimeout: 0 }, "Write idleTimeout: false."],
    [{ idleTimeout: "0s" }, "Write idleTimeout: false."],
    [{ idleTimeout: "25d" }, "Write idleTimeout: false."],
    [{ drainTimeout: "25d" }, "Write drainTimeout: 'infinity'."],
  ])("%o", (options, hint) => {
    expect(refusal(options).hint).toBe(hint);
  });

  test("in a variable too", () => {
    vi.stubEnv("SOCKACT_DRAIN_TIMEOUT", "30");
    expect(refusal({}).hint).toBe(
      "Set the environment variable SOCKACT_DRAIN_TIMEOUT=30s for seconds, or 30ms for milliseconds.",
    );
  });

  test("and in a service, the hint names the line of the unit", () => {
    vi.stubEnv("SYSTEMD_EXEC_PID", String(process.pid));
    vi.stubEnv("SOCKACT_DRAIN_TIMEOUT", "30");
    expect(refusal({}).hint).toBe(
      "Write Environment=SOCKACT_DRAIN_TIMEOUT=30s for seconds, or 30ms for milliseconds.",
    );
    vi.stubEnv("SOCKACT_DRAIN_TIMEOUT", "");
    vi.stubEnv("SOCKACT_SIGNALS", "maybe");
    expect(refusal({}).hint).toBe(
      'Write Environment="SOCKACT_SIGNALS=SIGTERM SIGINT" in [Service], for example.',
    );
  });

  test.each([
    ["SOCKACT_IDLE_TIMEOUT", "0s", "no"],
    ["SOCKACT_IDLE_TIMEOUT", "4w", "no"],
    ["SOCKACT_DRAIN_TIMEOUT", "1 month", "infinity"],
  ])("what a variable can't be, and what to write for no limit: %s=%s", (name, text, instead) => {
    vi.stubEnv(name, text);
    expect(refusal({}).hint).toBe(`Set the environment variable ${name}=${instead}.`);
    vi.stubEnv(name, instead);
    expect(() => readSettings({})).not.toThrow();
  });

  test("the longest duration is 24 days", () => {
    expect(readSettings({ idleTimeout: "24d" })).toMatchObject({ idleTimeout: 24 * 86_400_000 });
    expect(refusal({ idleTimeout: "24d 1ms" }).message).toContain("24 days at most");
  });

  test.each(["'30s'", "'30ms'", "'1.5s'", "'infinity'"])("a value from a hint is accepted: %s", (text) => {
    expect(() => readSettings({ drainTimeout: text.slice(1, -1) as "30s" })).not.toThrow();
  });
});

describe("accepted values", () => {
  test.each<[LifecycleOptions, object]>([
    [{ idleExitStatus: 0 }, { idleExitStatus: 0 }],
    [{ idleExitStatus: 255 }, { idleExitStatus: 255 }],
    [
      {},
      {
        drainTimeout: 10_000,
        idleTimeout: undefined,
        idleExitStatus: 0,
        health: false,
        notify: true,
        watchdog: true,
        signals: undefined,
      },
    ],
    [{ drainTimeout: 0 }, { drainTimeout: 0 }],
    [{ drainTimeout: "1min 30s" }, { drainTimeout: 90_000 }],
    [{ drainTimeout: "infinity" }, { drainTimeout: Infinity }],
    [{ idleTimeout: false }, { idleTimeout: Infinity }],
    [{ idleTimeout: "5min" }, { idleTimeout: 300_000 }],
    [{ health: "/healthz" }, { health: "/healthz" }],
    [{ health: false }, { health: false }],
    [
      { notify: false, watchdog: false, signals: false },
      { notify: false, watchdog: false, signals: false },
    ],
    [{ signals: ["SIGUSR2", "SIGHUP"] }, { signals: ["SIGUSR2", "SIGHUP"] }],
  ])("%o", (options, settings) => {
    expect(readSettings(options)).toMatchObject(settings);
  });

  test.each<[name: string, text: string, options: LifecycleOptions, settings: object]>([
    ["SOCKACT_DRAIN_TIMEOUT", "30s", { drainTimeout: "1ms" }, { drainTimeout: 30_000 }],
    ["SOCKACT_DRAIN_TIMEOUT", "infinity", {}, { drainTimeout: Infinity }],
    ["SOCKACT_DRAIN_TIMEOUT", "", { drainTimeout: "1ms" }, { drainTimeout: 1 }],
    ["SOCKACT_IDLE_TIMEOUT", "5min", { idleTimeout: false }, { idleTimeout: 300_000 }],
    ["SOCKACT_IDLE_TIMEOUT", "off", { idleTimeout: "5ms" }, { idleTimeout: Infinity }],
    ["SOCKACT_IDLE_TIMEOUT", "FALSE", { idleTimeout: "5ms" }, { idleTimeout: Infinity }],
    ["SOCKACT_IDLE_EXIT_STATUS", "42", { idleExitStatus: 3 }, { idleExitStatus: 42 }],
    ["SOCKACT_IDLE_EXIT_STATUS", "0", { idleExitStatus: 3 }, { idleExitStatus: 0 }],
    ["SOCKACT_IDLE_EXIT_STATUS", "", { idleExitStatus: 3 }, { idleExitStatus: 3 }],
    ["SOCKACT_HEALTH", "/a/b.c~d", { health: "/healthz" }, { health: "/a/b.c~d" }],
    ["SOCKACT_HEALTH", "no", { health: "/healthz" }, { health: false }],
    ["SOCKACT_HEALTH", "", { health: "/healthz" }, { health: "/healthz" }],
    ["SOCKACT_NOTIFY", "no", { notify: true }, { notify: false }],
    ["SOCKACT_WATCHDOG", "1", { watchdog: false }, { watchdog: true }],
    ["SOCKACT_SIGNALS", "off", { signals: true }, { signals: false }],
    ["SOCKACT_SIGNALS", " SIGUSR2  SIGTERM ", { signals: false }, { signals: ["SIGUSR2", "SIGTERM"] }],
  ])("%s=%s in the unit overrides what the app says", (name, text, options, settings) => {
    vi.stubEnv(name, text);
    expect(readSettings(options)).toMatchObject(settings);
  });
});
