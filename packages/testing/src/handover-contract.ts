import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { AppUnderLoad } from "./app-under-load.ts";
import { during } from "./during.ts";
import type { LoadResult } from "./loads.ts";
import { assertIncludes, assertMatches } from "./assertions.ts";
import { definitionsOf, type TestRunner } from "./test-runner.ts";

/** The app that {@link handoverContract} tests. */
export interface HandoversUnderTest {
  /** The name in the titles of the tests: `Express 5`. */
  readonly title: string;
  /** The module of an app with the routes of the load. It uses load-app.mjs. */
  readonly program: string;
}

/** How many clients of each kind there are. */
interface Amounts {
  readonly busy: number;
  readonly thinking: number;
  readonly fresh: number;
  readonly webSockets: number;
  readonly secure: number;
}

const FEW: Amounts = { busy: 8, thinking: 8, fresh: 4, webSockets: 4, secure: 4 };
const MANY: Amounts = { busy: 32, thinking: 64, fresh: 16, webSockets: 16, secure: 16 };

/** How often each client gets an answer before the first reload and after the last one. */
const CALM = 2;
/** The maximum pause of clients between requests, in milliseconds. */
const THINK = 250;
/** A request without an answer for this many seconds hangs. */
const HUNG = 50;

const loads = (app: AppUnderLoad, { busy, thinking, fresh, webSockets, secure }: Amounts) => ({
  "keep-alive": app.load("busy", { connections: busy, keepAlive: true, timeout: HUNG }),
  "thinking, keep-alive": app.load("thinking", {
    clients: thinking,
    keepAlive: true,
    think: THINK,
    away: 20,
    timeout: HUNG,
  }),
  "Connection: close": app.load("busy", { connections: fresh, keepAlive: false, timeout: HUNG }),
  WebSockets: app.load("webSockets", { clients: webSockets, think: 200, timeout: HUNG }),
  TLS: app.load("thinking", {
    port: 443,
    secure: true,
    clients: secure,
    keepAlive: true,
    think: THINK,
    away: 0,
    timeout: HUNG,
  }),
});

/** What clients see while `systemctl reload` hands an app over to its new version, for any framework. */
export function handoverContract(runner: TestRunner, { title, program }: HandoversUnderTest): void {
  const { afterAll, beforeAll, describeWith, test } = definitionsOf(runner);
  describeWith({ privateSystemd: true, systemd: 253 }, `${title}, handed over under load`, () => {
    let app: AppUnderLoad;
    beforeAll(async () => {
      app = await AppUnderLoad.boot();
    });
    afterAll(async () => app?.[Symbol.asyncDispose]());

    test(
      "no client notices a reload, and each plain connection stays open",
      () => handOverUnderLoad(app, program, 1, { amounts: FEW, hostile: 0 }),
      120_000,
    );

    describeWith({ long: true }, "many reloads", () => {
      test(
        "no client notices 20 reloads, and each plain connection stays open",
        () => handOverUnderLoad(app, program, 20, { amounts: MANY, hostile: 0 }),
        600_000,
      );

      test(
        "no client notices 20 reloads in a row, although others never end what they have begun",
        () => handOverUnderLoad(app, program, 20, { amounts: MANY, hostile: 3 }),
        600_000,
      );
    });
  });
}

async function handOverUnderLoad(
  app: AppUnderLoad,
  program: string,
  reloads: number,
  { amounts, hostile }: { amounts: Amounts; hostile: number },
): Promise<void> {
  const { systemd } = app;
  await installWithHandover(app, program);
  await systemd.start("app.service");
  const pids = [await app.pid()];
  const isAlive = (pid: number): boolean => existsSync(systemd.hostPath(`/proc/${pid}`));
  const untilGone = (pid: number): Promise<void> =>
    systemd.waitUntil(async () => !isAlive(pid), "the old process has ended", 90_000);
  await using attack = await app.load("hostile", { clients: hostile });
  const reload = async (): Promise<void> => {
    const before = pids.at(-1)!;
    await systemd.mustRun(["systemctl", "reload", "app.service"], { timeout: 60_000 });
    pids.push(await app.pid());
    if (hostile === 0) return untilGone(before);
    assert.equal(isAlive(before), true, "the old process still drains");
    await attack.round();
  };
  const results = await during(loads(app, amounts), CALM + reloads + CALM, async (count) => {
    if (count >= CALM && count < CALM + reloads) await reload();
  });

  for (const pid of pids.slice(0, -1)) await untilGone(pid);
  assert.equal(new Set(pids).size, reloads + 1, "each reload brings another process");
  for (const [name, { failed, resets }] of Object.entries(results))
    assert.deepEqual({ name, failed, resets }, { name, failed: {}, resets: 0 });
  assert.deepEqual(Object.keys(results.WebSockets.closed), ["1001"]);
  // If a reload comes before the connections of the last one have moved, some end after a response, and
  // several old processes answer.
  if (hostile > 0) return;
  const { WebSockets: _, ...answeredByPid } = results;
  for (const [name, result] of Object.entries(answeredByPid)) expectAnswersOf(pids, name, result);
  assert.equal(results["keep-alive"].connections, amounts.busy);
  assert.equal(results["thinking, keep-alive"].connections, amounts.thinking);
  assert.deepEqual(results.WebSockets.closed, { 1001: amounts.webSockets * reloads });
  assertMatches(results.TLS, {
    connections: amounts.secure * (reloads + 1),
    fullHandshakes: amounts.secure,
    resumptions: amounts.secure * reloads,
  });
}

/** Writes the units of an app with one plain socket and one for TLS. */
async function installWithHandover(app: AppUnderLoad, program: string): Promise<void> {
  const { systemd } = app;
  await app.installService({
    name: "app",
    exec: [systemd.node, systemd.inside(program)],
    sockets: [
      { name: "http", listen: 80, noDelay: true },
      { name: "https", listen: 443, noDelay: true },
    ],
    handover: true,
    // On a slow machine, moving the connections takes some seconds.
    drainTimeout: "1min",
    hardening: "inbound",
    environment: { TLS: "yes" },
  });
}

/** Only the two processes of a handover answer during it, and only the last process afterwards. */
function expectAnswersOf(pids: readonly number[], name: string, { phases }: LoadResult): void {
  const [, ...actions] = phases;
  for (const [index, phase] of actions.entries()) {
    const reloads = Math.min(Math.max(index - CALM, 0), pids.length - 1);
    const isReload = index >= CALM && index < CALM + pids.length - 1;
    const expected = isReload ? pids.slice(reloads, reloads + 2) : [pids[reloads]];
    assertIncludes(expected, phase.pids, `${name}: which processes have answered in phase ${index}`);
  }
}
