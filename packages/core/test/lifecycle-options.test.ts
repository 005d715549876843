import { describe, expect, test } from "vitest";
import { appOnSocket, systemdSocket, startApp } from "./lifecycle-app.ts";

describe("a wrong option is refused, and the message names it", () => {
  test("as an option or as a variable, with a hint that says what to write", async () => {
    const [fd] = await systemdSocket();
    await using app = await startApp([fd], { options: { idleTimeout: "5" } });
    expect(await app.event("refused")).toEqual({
      event: "refused",
      code: "SOCKACT_ERR_OPTION",
      message:
        "The option idleTimeout must be a duration with a unit, such as '5min', and 24 days at most; or false for never; got '5'",
      hint: "Write idleTimeout: '5s' for seconds, or '5ms' for milliseconds.",
    });
    await using other = await startApp([fd], {}, { env: { SOCKACT_DRAIN_TIMEOUT: "5" } });
    expect(await other.event("refused")).toEqual({
      event: "refused",
      code: "SOCKACT_ERR_OPTION",
      message:
        'SOCKACT_DRAIN_TIMEOUT must be a duration with a unit, such as 30s or 1min 30s, and 24 days at most; or infinity; got "5"',
      hint: "Set the environment variable SOCKACT_DRAIN_TIMEOUT=5s for seconds, or 5ms for milliseconds.",
    });
  });
});

test("the hint for a flag does not mention durations", async () => {
  const [fd] = await systemdSocket();
  await using app = await startApp([fd], {}, { env: { SOCKACT_NOTIFY: "maybe" } });
  expect(await app.event("refused")).toMatchObject({
    code: "SOCKACT_ERR_OPTION",
    hint: "Set the environment variable SOCKACT_NOTIFY=no, for example.",
  });
});

test("a variable overrides the option", async () => {
  const { app } = await appOnSocket(
    { options: { signals: ["SIGUSR2"], drainTimeout: "1h" } },
    { env: { SOCKACT_SIGNALS: "SIGTERM SIGINT", SOCKACT_DRAIN_TIMEOUT: "" } },
  );
  await using running = app;
  running.kill("SIGTERM");
  expect(await running.ended).toBe(0);
});
