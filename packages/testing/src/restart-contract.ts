import { AppUnderLoad } from "./app-under-load.ts";
import { during } from "./during.ts";
import { definitionsOf, type TestRunner } from "./test-runner.ts";
import { everyLoad, expectAllAnswered, report, thinkingLoads } from "./restart-loads.ts";

/** The app that {@link restartContract} tests. */
export interface RestartsUnderTest {
  /** The name in the titles of the tests: `Express 5`. */
  readonly title: string;
  /** The module of an app with the routes of the load. It uses load-app.mjs. */
  readonly program: string;
  /** The same app in a cluster of two workers. It uses cluster-app.mjs. */
  readonly cluster: string;
  /** The file of the preload that gives the apps their socket, if they do not use sockact themselves. */
  readonly preload?: string | undefined;
}

const RESTARTS = 10;
/** Each restart takes as long as the app promised to keep idle connections open: 5 s in Node. */
const RESTARTS_WHILE_IDLE = 4;

/**
 * What `systemdListen()` and the preload promise for the stop and the start of an app, for any framework:
 * many restarts under load. These tests are long: `lifecycleContract` has one restart.
 */
export function restartContract(
  runner: TestRunner,
  { title, program, cluster, preload }: RestartsUnderTest,
): void {
  const { afterAll, beforeAll, describeWith, test } = definitionsOf(runner);
  describeWith({ privateSystemd: true, systemd: 253, long: true }, `${title}, under load`, () => {
    let app: AppUnderLoad;
    beforeAll(async () => {
      app = await AppUnderLoad.boot(preload);
    });
    afterAll(async () => app?.[Symbol.asyncDispose]());
    const restart = (): Promise<void> => app.systemd.restart("app.service");

    test("restarts: nothing is lost or reset", async () => {
      await app.install(program);
      const results = await during(everyLoad(app), RESTARTS, restart);
      report(`${title}: ${RESTARTS} restarts`, results);
      expectAllAnswered(results, RESTARTS);
    });

    test("restarts while clients leave their connections open: nothing is lost or reset", async () => {
      await app.install(program);
      const loads = {
        "keep-alive": app.load("busy", { connections: 32, keepAlive: true }),
        ...thinkingLoads(app),
        browsers: app.load("browsers", { perSecond: 3 }),
      };
      const results = await during(loads, RESTARTS_WHILE_IDLE, restart);
      report(`${title}: ${RESTARTS_WHILE_IDLE} restarts while connections stay idle`, results);
      expectAllAnswered(results, RESTARTS_WHILE_IDLE);
    });

    test("a cluster of two: restarts lose nothing, nor do workers that are replaced one by one", async () => {
      await app.install(cluster);
      const rolled = async (): Promise<number> =>
        (await app.systemd.journal("app.service")).filter((line) => line.includes('"rolled"')).length;
      const replace = async (): Promise<void> => {
        const before = await rolled();
        await app.systemd.systemctl("kill", "--kill-whom=main", "--signal=WINCH", "app.service");
        await app.systemd.waitUntil(async () => (await rolled()) > before, "all workers are new", 60_000);
      };
      // With workers, a restart and a replacement take as long as the app promised to keep idle connections
      // open.
      const results = await during(everyLoad(app), 6, (count) => (count < 3 ? restart() : replace()));
      report(`${title}: 3 restarts of a cluster, 3 times new workers`, results);
      expectAllAnswered(results);
    });
  });
}
