import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AppUnderLoad } from "./app-under-load.ts";
import { during } from "./during.ts";
import type { Load, LoadResult, Loads } from "./load.ts";
import { randomFrom } from "./load/random.mjs";
import { describeWith, LONG_ONLY } from "./requires.ts";

export interface RestartsUnderTest {
  /** The name in the titles of the tests: `Express 5`. */
  title: string;
  /** The module of an app with the routes that the load requests. It uses load-app.mjs. */
  program: string;
  /** The same app in a cluster of two workers. It uses cluster-app.mjs. */
  cluster: string;
  /** The file of the preload that gives the apps their socket, if they have no line of sockact. */
  preload?: string;
  /**
   * Whether a usual run has only the restarts of this framework. The rest depends on core alone, and another framework has it in each run.
   * `npm run test:long` has all of it.
   */
  isSample?: boolean;
}

/** `npm run test:long`: all of it. A usual run is a sample. */
const LONG = Boolean(process.env["SOCKACT_LONG"]);

const RESTARTS = LONG ? 20 : 1;
/** With workers, a restart and a rolling restart take as long as the app has promised to keep idle connections open. */
const OF_CLUSTER = 20;
/** With idle connections, each restart takes as long as the app has promised to keep them open: 5 s in Node. */
const RESTARTS_WHILE_IDLE = LONG ? 20 : 1;
/**
 * The longest that a new client may wait in a usual run, in milliseconds. A single restart on a busy machine says little about the longest
 * wait: the usual run only distinguishes an app that starts from one that first waits for the idle connections, for 5 s.
 */
const LONGEST_OF_ONE_RESTART = 4000;
const TURNS = LONG ? 20 : 1;
const KILLS = LONG ? 20 : 2;
const SLEEPS = LONG ? 100 : 3;
const TIMEOUT = LONG ? 600_000 : 60_000;
/** The longest that clients think, in milliseconds. */
const THINK = LONG ? 2000 : 250;
const MEGABYTE = 1_000_000;
/** `idleTimeout`, in milliseconds. */
const IDLE = 200;

const WEB_SOCKETS = 16;

type Starting = Record<string, Promise<Load<"busy" | "thinking" | "webSockets">>>;

const busy = (app: AppUnderLoad): Starting => ({
  "keep-alive": app.load("busy", { connections: 32, keepAlive: true }),
  "Connection: close": app.load("busy", { connections: 32, keepAlive: false }),
});
const thinking = (app: AppUnderLoad): Starting => ({
  "thinking, keep-alive": app.load("thinking", { clients: 64, keepAlive: true, think: THINK, away: 20 }),
  // The network keeps each of their requests on its way for a while when its connection is there already.
  "thinking, Connection: close": app.load("thinking", {
    clients: 16,
    keepAlive: false,
    think: 200,
    away: 20,
  }),
});
const webSockets = (app: AppUnderLoad): Starting => ({
  WebSockets: app.load("webSockets", { clients: WEB_SOCKETS, think: 200 }),
});
const everything = (app: AppUnderLoad): Starting => ({ ...busy(app), ...thinking(app), ...webSockets(app) });

/** The promises of `systemdListen()` and of the preload for the stop and the start of an app, for any framework. */
export function restartContract({
  title,
  program,
  cluster,
  preload,
  isSample = false,
}: RestartsUnderTest): void {
  describeWith({ privateSystemd: true, systemd: 253 }, `${title}, under load`, () => {
    let app: AppUnderLoad;
    beforeAll(async () => {
      app = await AppUnderLoad.boot(preload);
    });
    afterAll(() => app?.[Symbol.asyncDispose]());

    const kinds: [string, typeof busy][] = [["every kind of client", everything]];
    if (LONG)
      kinds.push(["busy clients", busy], ["clients that think", thinking], ["WebSockets", webSockets]);

    test.each(kinds)(
      "restarts: %s, nothing is lost or reset",
      async (_, loads) => {
        await app.install(program);
        const results = await during(loads(app), RESTARTS, () => app.systemd.restart("app.service"));
        report(`${title}: ${RESTARTS} restarts`, results);
        expectAllAnswered(results, RESTARTS);
      },
      TIMEOUT,
    );

    if (isSample && !LONG) return;

    test(
      "a restart where no client waits, although others leave their connections open",
      async () => {
        await app.install(program);
        await app.systemd.start("app.service");
        // Under the same load as the waits: an unloaded start is shorter than any that a client can wait for here.
        const starts: number[] = [];
        const others = {
          "keep-alive": app.load("busy", { connections: 32, keepAlive: true }),
          ...thinking(app),
          ...webSockets(app),
        };
        // They come last: while the other clients start, the machine is busy with them.
        const browsers = Promise.all(Object.values(others)).then(() =>
          app.load("browsers", { perSecond: 3 }),
        );
        const loads = { ...others, browsers };
        const results = await during(loads, RESTARTS_WHILE_IDLE, async () => {
          await app.systemd.restart("app.service");
          starts.push(await app.startTime());
        });
        const start = Math.max(...starts);
        report(
          `${title}: ${RESTARTS_WHILE_IDLE} restarts while connections stay idle, the longest start ${start.toFixed()} ms`,
          results,
        );
        expectAllAnswered(results, RESTARTS_WHILE_IDLE);
        const { longest, stalled } = results.browsers;
        // The second start allows for the end of the old process, and for the queue that the new one works off. Time for which the
        // machine itself stalled the clients does not count.
        expect(
          longest,
          `the longest wait of a new connection, in ms; the longest start took ${start.toFixed()} ms, and the clients were stalled for up to ${stalled.toFixed()} ms`,
        ).toBeLessThan(stalled + (LONG ? 2 * start : LONGEST_OF_ONE_RESTART));
      },
      TIMEOUT,
    );

    test("a download and a slow upload that began before a restart complete", async () => {
      await app.install(program, { drainTimeout: "60s" });
      await using download = await app.load("download", { bytes: (LONG ? 200 : 20) * MEGABYTE });
      const size = { bytes: (LONG ? 7 : 4) * MEGABYTE, pause: LONG ? 100 : 20 };
      await using upload = await app.load("upload", size);
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

    test(
      "rolling: nothing is lost or reset, and a new version that crashes is not noticed",
      async () => {
        await app.install(program, { rolling: true });
        const crash = async (): Promise<void> => {
          const pids = (): Promise<number[]> =>
            Promise.all(["app@blue.service", "app@green.service"].map((unit) => app.pid(unit)));
          const before = await pids();
          await app.systemd.systemctl("set-environment", "CRASH=1");
          await expect(app.roll()).rejects.toThrow(/ERR_ROLL_START[^]*CRASH is set/);
          await app.systemd.systemctl("unset-environment", "CRASH");
          expect(await pids()).toEqual(before);
        };
        const results = await during(everything(app), TURNS + 1, (count) =>
          count < TURNS ? app.roll() : crash(),
        );
        report(`${title}: ${TURNS} turns`, results);
        expectAllAnswered(results, TURNS);
      },
      TIMEOUT,
    );

    test(
      "kill -9 loses what is under way, and the port never refuses",
      async () => {
        await app.install(program, { restartSec: "100ms", acknowledge: ["restart-fast"] });
        const results = await during(busy(app), KILLS, async () => {
          const before = await app.pid();
          await app.systemd.systemctl("kill", "--signal=KILL", "app.service");
          await app.systemd.waitUntil(
            async () => ![0, before].includes(await app.pid()),
            "another process runs",
          );
        });
        console.log(figures(`${title}: ${KILLS} times kill -9`, results));
        for (const result of Object.values(results)) {
          expect(result.failed).not.toHaveProperty("ECONNREFUSED");
          expect(result.lost).toBeLessThanOrEqual(32 * KILLS);
        }
      },
      TIMEOUT,
    );

    test(
      "asleep, no process is left, and every request wakes it",
      async () => {
        await app.install(program, { idleTimeout: `${IDLE}ms` });
        const random = randomFrom(1);
        for (let count = 0; count < SLEEPS; count++) {
          expect(await app.systemd.request(app.url)).toMatchObject({ status: 200 });
          await app.systemd.waitForUnit("app.service", "ActiveState", "inactive");
          expect(await app.systemd.run(["pgrep", "--full", app.command])).toMatchObject({
            code: 1,
            stdout: "",
          });
        }
        // At the moment in which it falls asleep.
        for (let count = 0; count < SLEEPS; count++) {
          expect(await app.systemd.request(app.url)).toMatchObject({ status: 200 });
          await delay(IDLE * (0.9 + random() * 0.2));
        }
        expect(await app.systemd.systemctl("list-units", "--failed", "--plain", "--no-legend")).toBe("");
        expect(await app.systemd.show("app.service", "NRestarts")).toBe("0");
      },
      TIMEOUT,
    );

    test("a WebSocket that is silent for three times the idle timeout stays open", async () => {
      await app.install(program, { idleTimeout: `${IDLE}ms` });
      await using load = await app.load("webSockets", { clients: 1, think: 0, atLeast: 3 * IDLE });
      const before = await app.pid();
      await load.round();
      expect(await load.result()).toMatchObject({ lost: 0, closed: {} });
      expect(await app.pid()).toBe(before);
    });

    test.runIf(LONG)(
      `a cluster of two: restarts lose nothing, nor do workers that are replaced one by one${LONG_ONLY}`,
      async () => {
        await app.install(cluster);
        const replace = async (): Promise<void> => {
          const rolled = (await app.systemd.journal("app.service")).filter(isRolled).length;
          await app.systemd.systemctl("kill", "--kill-whom=main", "--signal=WINCH", "app.service");
          await app.systemd.waitUntil(
            async () => (await app.systemd.journal("app.service")).filter(isRolled).length > rolled,
            "all workers are new",
            30_000,
          );
        };
        const results = await during(everything(app), 2 * OF_CLUSTER, (count) =>
          count < OF_CLUSTER ? app.systemd.restart("app.service") : replace(),
        );
        report(`${title}: ${OF_CLUSTER} restarts of a cluster, ${OF_CLUSTER} times new workers`, results);
        expectAllAnswered(results);
      },
      TIMEOUT,
    );

    test(
      "a cluster of two, all of whose workers are killed: the port never refuses, and only what is under way is lost",
      async () => {
        await app.install(cluster);
        const results = await during(busy(app), KILLS, async () => {
          await app.systemd.systemctl("kill", "--kill-whom=main", "--signal=USR2", "app.service");
        });
        console.log(figures(`${title}: ${KILLS} times all workers killed`, results));
        for (const result of Object.values(results)) {
          expect(result.failed).not.toHaveProperty("ECONNREFUSED");
          expect(result.lost).toBeLessThanOrEqual(32 * KILLS);
        }
        expect(await app.systemd.show("app.service", "NRestarts")).toBe("0");
        await app.systemd.stop("app.service");
        expect(await app.systemd.show("app.service", "Result")).toBe("success");
      },
      TIMEOUT,
    );
  });
}

const isRolled = (line: string): boolean => line.includes('"rolled"');

/** Prints the figures of a campaign. A usual run does not. */
function report(what: string, results: Record<string, LoadResult>): void {
  if (LONG) console.log(figures(what, results));
}

function figures(what: string, results: Record<string, LoadResult>): string {
  const lines = Object.entries(results).map(
    ([name, result]) =>
      `  ${name}: ${result.lost} of ${result.sent} requests lost, ${result.resets} resets${waits(result)}`,
  );
  return [`${what}, Node ${process.version}:`, ...lines].join("\n");
}

function waits(result: LoadResult | Loads["browsers"]["result"]): string {
  if (!("stalled" in result)) return "";
  const { longest, median, stalled } = result;
  return `, the longest wait ${longest.toFixed()} ms, the median ${median.toFixed()} ms, clients stalled for up to ${stalled.toFixed()} ms`;
}

/**
 * @param restarts how often the app was restarted. A WebSocket that is open at the signal sees one close frame. If it connects again
 *   while the old process still accepts, it sees one more when that process stops. Left out if it depends on the worker that serves the
 *   WebSocket.
 */
function expectAllAnswered(results: Record<string, LoadResult>, restarts?: number): void {
  for (const [name, result] of Object.entries(results)) {
    const { failed, resets } = result;
    expect({ name, failed, resets }).toEqual({ name, failed: {}, resets: 0 });
    if ("closed" in result) {
      const closed = result.closed as Record<string, number>;
      expect(closed, "each sees a close frame").toEqual({ 1001: expect.any(Number) });
      if (restarts === undefined) continue;
      const each = WEB_SOCKETS * restarts;
      expect(closed["1001"], "each sees at least one a restart").toBeGreaterThanOrEqual(each);
      expect(closed["1001"], "each sees at most two a restart").toBeLessThanOrEqual(2 * each);
    }
  }
}
