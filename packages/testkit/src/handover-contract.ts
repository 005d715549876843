import { existsSync } from "node:fs";
import process from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AppUnderLoad } from "./app-under-load.ts";
import { during } from "./during.ts";
import { inside, type LoadResult, type Phase } from "./load.ts";
import { describeWith, isLongRun, LONG_ONLY } from "./requires.ts";

export interface HandoversUnderTest {
  /** The name in the titles of the tests: `Express 5`. */
  title: string;
  /** The module of an app with the routes that the load requests. It uses load-app.mjs. */
  program: string;
  /** Whether only `npm run test:long` has this framework, because a usual run has another one. */
  isLongOnly?: boolean;
}

const RELOADS = isLongRun ? 20 : 2;
/** How often each client gets an answer before the first reload, and after the last one. The first time is not measured: other loads start meanwhile. */
const CALM = isLongRun ? 10 : 3;
/** The longest that clients think, in milliseconds. */
const THINK = isLongRun ? 2000 : 250;
/** Without an answer for so many seconds, a request hangs. */
const HUNG = 10;
/** The machine of a usual run may be busy with other tests, and a few seconds of load say little about its speed. */
const [LONGEST_RATIO, LEAST_RATE] = isLongRun ? [2, 0.9] : [10, 0.3];
const TIMEOUT = isLongRun ? 600_000 : 120_000;

const KEEP_ALIVE = { busy: 32, thinking: 64 };
const SECURE = 16;
const WEB_SOCKETS = 16;

const loads = (app: AppUnderLoad) => ({
  "keep-alive": app.load("busy", { connections: KEEP_ALIVE.busy, keepAlive: true, timeout: HUNG }),
  "thinking, keep-alive": app.load("thinking", {
    clients: KEEP_ALIVE.thinking,
    keepAlive: true,
    think: THINK,
    away: 20,
    timeout: HUNG,
  }),
  "Connection: close": app.load("busy", { connections: 16, keepAlive: false, timeout: HUNG }),
  WebSockets: app.load("webSockets", { clients: WEB_SOCKETS, think: 200, timeout: HUNG }),
  TLS: app.load("thinking", {
    port: 443,
    secure: true,
    clients: SECURE,
    keepAlive: true,
    think: THINK,
    away: 0,
    timeout: HUNG,
  }),
});

/** What clients see while `systemctl reload` hands an app over to its new version, for any framework. */
export function handoverContract({ title, program, isLongOnly = false }: HandoversUnderTest): void {
  describeWith({ privateSystemd: true, systemd: 253 }, `${title}, handed over under load`, () => {
    let app: AppUnderLoad;
    beforeAll(async () => {
      app = await AppUnderLoad.boot();
    });
    afterAll(() => app?.[Symbol.asyncDispose]());

    test.runIf(isLongRun || !isLongOnly)(
      `no client notices a reload, and each plain connection stays open${isLongOnly ? LONG_ONLY : ""}`,
      async () => {
        const { systemd } = app;
        await installWithHandover(app, program);
        await systemd.start("app.service");
        const pids = [await app.pid()];
        const reload = async (): Promise<void> => {
          const before = await app.pid();
          await systemd.systemctl("reload", "app.service");
          pids.push(await app.pid());
          await systemd.waitUntil(
            async () => !existsSync(systemd.hostPath(`/proc/${before}`)),
            "the old process has ended",
            60_000,
          );
        };
        const results = await during(loads(app), CALM + RELOADS + CALM, async (count) => {
          if (count >= CALM && count < CALM + RELOADS) await reload();
        });
        const measured = Object.entries(results).map(([name, result]) => measure(name, result));
        if (isLongRun) console.log(figures(`${title}: ${RELOADS} handovers`, measured));

        expect(new Set(pids).size, "each reload brings another process").toBe(RELOADS + 1);
        for (const { name, failed, resets } of measured)
          expect({ name, failed, resets }).toEqual({ name, failed: {}, resets: 0 });
        expect(results["keep-alive"].connections).toBe(KEEP_ALIVE.busy);
        expect(results["thinking, keep-alive"].connections).toBe(KEEP_ALIVE.thinking);
        expect(results.WebSockets.closed).toEqual({ 1001: WEB_SOCKETS * RELOADS });
        expect(results.TLS).toMatchObject({
          connections: SECURE * (RELOADS + 1),
          fullHandshakes: SECURE,
          resumptions: SECURE * RELOADS,
        });
        const { WebSockets: _, ...answeredByPid } = results;
        for (const [name, result] of Object.entries(answeredByPid)) expectAnswersOf(pids, name, result);
        const calm = longest(measured.flatMap((each) => [each.before, each.after]));
        expect(
          longest(measured.map((each) => each.during)),
          `the longest wait of any request during the reloads, in ms; without one: ${calm.toFixed()}`,
        ).toBeLessThan(LONGEST_RATIO * calm);
        const { before, after } = measured[0]!;
        expect(rate(after), `requests a second at the end; at the start: ${rate(before)}`).toBeGreaterThan(
          LEAST_RATE * rate(before),
        );
      },
      TIMEOUT,
    );
  });
}

/** Writes the units of an app with one plain socket and one for TLS. */
async function installWithHandover(app: AppUnderLoad, program: string): Promise<void> {
  const { systemd } = app;
  await app.installService({
    name: "app",
    exec: [systemd.node, inside(systemd, program)],
    sockets: [
      { name: "http", listen: 80, noDelay: true },
      { name: "https", listen: 443, noDelay: true },
    ],
    handover: true,
    hardening: "inbound",
    environment: { TLS: "yes" },
  });
}

/** Only the two processes of a handover answer during it, and only the last process answers afterwards. */
function expectAnswersOf(pids: readonly number[], name: string, { phases }: LoadResult): void {
  const [, ...actions] = phases;
  for (const [index, phase] of actions.entries()) {
    const reloads = Math.min(Math.max(index - CALM, 0), RELOADS);
    const isReload = index >= CALM && index < CALM + RELOADS;
    const expected = isReload ? pids.slice(reloads, reloads + 2) : [pids[reloads]];
    expect(expected, `${name}: which processes have answered in phase ${index}`).toEqual(
      expect.arrayContaining(phase.pids),
    );
  }
}

interface Measured extends LoadResult {
  name: string;
  before: Phase;
  during: Phase;
  after: Phase;
}

/** The phases before the first reload, during the reloads, and after the last one, as one phase each. */
function measure(name: string, result: LoadResult): Measured {
  const [, , ...phases] = result.phases;
  return {
    name,
    ...result,
    before: joined(phases.slice(0, CALM - 1)),
    during: joined(phases.slice(CALM - 1, CALM - 1 + RELOADS)),
    after: joined(phases.slice(CALM - 1 + RELOADS)),
  };
}

function joined(phases: readonly Phase[]): Phase {
  const sum = (of: (phase: Phase) => number): number => phases.reduce((total, each) => total + of(each), 0);
  return {
    seconds: sum(({ seconds }) => seconds),
    answered: sum(({ answered }) => answered),
    longest: longest(phases),
    pids: [...new Set(phases.flatMap(({ pids }) => pids))],
  };
}

const longest = (phases: readonly Phase[]): number => Math.max(...phases.map((phase) => phase.longest));
const rate = ({ answered, seconds }: Phase): number => Math.round(answered / seconds);

function figures(what: string, measured: readonly Measured[]): string {
  const lines = measured.map((each) => {
    const of = (figure: (phase: Phase) => number): string =>
      [each.before, each.during, each.after].map((phase) => figure(phase).toFixed()).join(", ");
    return (
      `  ${each.name}: ${each.lost} of ${each.sent} lost, ${each.resets} resets, ${each.connections} connections; ` +
      `before, during and after the reloads: ${of(rate)} requests a second, the longest wait ${of((phase) => phase.longest)} ms`
    );
  });
  return [`${what}, Node ${process.version}:`, ...lines].join("\n");
}
