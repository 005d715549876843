// What happens to an app under load apart from restarts. It depends on core alone, so one framework is
// enough.
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  AppUnderLoad,
  busyLoads,
  describeWith,
  during,
  everyLoad,
  expectAllAnswered,
  type LoadResult,
  randomFrom,
  report,
  roll,
} from "@sockact/testkit";

const program = fileURLToPath(new URL("apps/load.mjs", import.meta.url));
const cluster = fileURLToPath(new URL("apps/cluster.mjs", import.meta.url));

const TURNS = 5;
const KILLS = 10;
const SLEEPS = 20;
/** `idleTimeout`, in milliseconds. */
const IDLE = 200;

describeWith({ privateSystemd: true, systemd: 253, tags: "campaign" }, "an app under load", () => {
  let app: AppUnderLoad;
  beforeAll(async () => {
    app = await AppUnderLoad.boot();
  });
  afterAll(() => app?.[Symbol.asyncDispose]());

  test("a download and a slow upload that began before a restart complete", async () => {
    await app.install(program, { drainTimeout: "2min" });
    await using download = await app.load("download", { bytes: 100_000_000 });
    await using upload = await app.load("upload", { bytes: 7_000_000, pause: 50 });
    const before = await app.pid();
    const restarted = app.systemd.restart("app.service");
    await app.systemd.waitForUnit("app.service", "SubState", "stop-sigterm");
    for (const { pid, got, expected } of await Promise.all([download.result(), upload.result()])) {
      expect(pid).toBe(before);
      expect(got).toEqual(expected);
    }
    await restarted;
    expect(await app.pid()).not.toBe(before);
  });

  test("rolling restarts: nothing is lost or reset, and a new version that crashes is not noticed", async () => {
    await app.install(program, { rolling: true });
    const crash = async (): Promise<void> => {
      const pids = (): Promise<number[]> =>
        Promise.all(["app@blue.service", "app@green.service"].map((unit) => app.pid(unit)));
      const before = await pids();
      await app.systemd.systemctl("set-environment", "CRASH=1");
      await expect(roll(app.systemd)).rejects.toThrow(/SOCKACT_ERR_ROLL_START[^]*CRASH is set/);
      await app.systemd.systemctl("unset-environment", "CRASH");
      expect(await pids()).toEqual(before);
    };
    const results = await during(everyLoad(app), TURNS + 1, (count) =>
      count < TURNS ? roll(app.systemd) : crash(),
    );
    report(`${TURNS} rolling restarts`, results);
    expectAllAnswered(results, TURNS);
  });

  test("kill -9 loses what is under way, and the port never refuses", async () => {
    await app.install(program, { restartSec: "100ms", acknowledge: ["restart-fast"] });
    const results = await during(busyLoads(app), KILLS, async () => {
      const before = await app.pid();
      await app.systemd.systemctl("kill", "--signal=KILL", "app.service");
      await app.systemd.waitUntil(
        async () => ![0, before].includes(await app.pid()),
        "another process runs",
        60_000,
      );
    });
    report(`${KILLS} times kill -9`, results);
    expect(wrong(results)).toEqual([]);
  });

  test("a cluster of two, all of whose workers are killed: the port never refuses, and only what is under way is lost", async () => {
    await app.install(cluster);
    const results = await during(busyLoads(app), KILLS, async () => {
      await app.systemd.systemctl("kill", "--kill-whom=main", "--signal=USR2", "app.service");
    });
    report(`${KILLS} times all workers killed`, results);
    expect(wrong(results)).toEqual([]);
    expect(await app.systemd.show("app.service", "NRestarts")).toBe("0");
    await app.systemd.stop("app.service");
    expect(await app.systemd.show("app.service", "Result")).toBe("success");
  });

  test("asleep, no process is left, and every request wakes it, also at the moment in which it falls asleep", async () => {
    await app.install(program, { idleTimeout: `${IDLE}ms` });
    const random = randomFrom(1);
    for (let count = 0; count < SLEEPS; count++) {
      expect(await app.systemd.request(app.url)).toMatchObject({ status: 200 });
      await app.systemd.waitForUnit("app.service", "ActiveState", "inactive");
      const running = await app.systemd.run(["pgrep", "--full", app.command]);
      expect(running).toMatchObject({ code: 1, stdout: "" });
    }
    for (let count = 0; count < SLEEPS; count++) {
      expect(await app.systemd.request(app.url)).toMatchObject({ status: 200 });
      await delay(IDLE * (0.9 + random() * 0.2));
    }
    expect(await app.systemd.systemctl("list-units", "--failed", "--plain", "--no-legend")).toBe("");
    expect(await app.systemd.show("app.service", "NRestarts")).toBe("0");
  });
});

/** The loads that were refused, or that lost more than one request of each client with each kill. */
function wrong(results: Record<string, LoadResult>): LoadResult[] {
  return Object.values(results).filter(({ failed, lost }) => "ECONNREFUSED" in failed || lost > 32 * KILLS);
}
