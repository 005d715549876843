import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { ask, HandoverService, type HandoverUnits } from "./reloaded-service.ts";

/** The two processes of a reload. */
interface Reload {
  before: number;
  after: number;
}

/** What a scenario gets. */
interface Stage {
  systemd: PrivateSystemd;
  service: HandoverService;
  /** Resolves when the service has been reloaded. Then the new process serves. */
  reload(): Promise<Reload>;
  /**
   * Does the same, and resolves when the old process has ended. Then all connections that can move have
   * moved.
   */
  untilMoved(): Promise<Reload>;
}

export type Scenario = (stage: Stage) => Promise<void>;

/** Scenarios by the titles of their tests. */
export type Scenarios = Readonly<Record<string, Scenario>>;

/**
 * Scenarios that share one reload of one service. They run at the same time. The reload begins when each of
 * them has asked for it, or has ended.
 *
 * @param unitsFor describes the service. Its first server must be an HTTP server on 127.0.0.1:80.
 * @param beforeReload called right before the reload
 * @param more tests that begin when all scenarios have ended
 */
export function describeOneReload(
  name: string,
  scenarios: Scenarios,
  {
    unitsFor,
    beforeReload = async () => {},
    more,
  }: {
    unitsFor: (systemd: PrivateSystemd) => HandoverUnits | Promise<HandoverUnits>;
    beforeReload?: (systemd: PrivateSystemd) => Promise<unknown>;
    more?: (service: () => HandoverService) => void;
  },
): void {
  describeWith({ privateSystemd: true, systemd: 253 }, name, () => {
    let systemd: PrivateSystemd;
    let service: HandoverService;
    let outcomes = new Map<string, Promise<void>>();
    beforeAll(async () => {
      systemd = await bootPrivateSystemd();
      service = await HandoverService.start(systemd, await unitsFor(systemd));
      outcomes = runAll(service, scenarios, () => beforeReload(systemd));
    });
    afterAll(async () => {
      await Promise.allSettled(outcomes.values());
      await systemd?.close();
    });

    test.each(Object.keys(scenarios))("%s", async (title) => {
      const outcome = outcomes.get(title);
      expect(outcome, "the scenario has begun").toBeDefined();
      await outcome;
    });
    more?.(() => service);
  });
}

function runAll(
  service: HandoverService,
  scenarios: Scenarios,
  beforeReload: () => Promise<unknown>,
): Map<string, Promise<void>> {
  let waiting = Object.keys(scenarios).length;
  let begin = (): void => {};
  const reloaded = new Promise<void>((resolve) => (begin = resolve)).then(async (): Promise<Reload> => {
    // The app has read what all clients have sent when it answers a later one.
    await using later = await service.connect();
    const { pid: before } = await ask(later);
    await beforeReload();
    return { before, after: await service.reload() };
  });
  // Without this, a failed reload that no scenario waits for would end the run.
  reloaded.catch(() => {});
  let gone: Promise<void> | undefined;
  const run = async (scenario: Scenario): Promise<void> => {
    let isReady = false;
    const ready = (): void => {
      if (!isReady && --waiting === 0) begin();
      isReady = true;
    };
    const reload = (): Promise<Reload> => {
      ready();
      return reloaded;
    };
    const untilMoved = async (): Promise<Reload> => {
      const reloading = await reload();
      await (gone ??= service.untilGone(reloading.before));
      return reloading;
    };
    try {
      await scenario({ systemd: service.systemd, service, reload, untilMoved });
    } finally {
      ready();
    }
  };
  const outcomes = Object.entries(scenarios).map(([title, scenario]) => [title, run(scenario)] as const);
  for (const [, outcome] of outcomes) outcome.catch(() => {});
  return new Map(outcomes);
}
