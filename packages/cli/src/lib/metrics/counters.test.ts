import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ActivatedService } from "../systemd/activated-units.ts";
import type { JournalFields } from "../systemd/journal.ts";
import { count, type Counters, countersOf, emptyCounters } from "./counters.ts";
import { journalEvent } from "./journal-event.ts";
import { unitIndex } from "./unit-index.ts";

const single = (name: string): ActivatedService => ({
  name,
  service: `${name}.service`,
  kind: "single",
  services: [`${name}.service`],
  sockets: [`${name}.socket`],
  isSystem: false,
});
const each: ActivatedService = { ...single("each"), kind: "accept", service: "each@.service", services: [] };
const pair: ActivatedService = {
  ...single("pair"),
  kind: "rolling",
  service: "pair@.service",
  services: ["pair@blue.service", "pair@green.service"],
};
const index = unitIndex([single("shop"), single("fail"), single("norestart"), each, pair]);

/**
 * What systemd 257 and an app wrote. A client woke `shop`, it wrote a record and went to sleep. A client woke it
 * again. Then came: restart, reload, exit with 7, SIGKILL, stop, start, SIGTERM, and a restart of the sleeping
 * service. `norestart` was woken, crashed, and was woken again. `fail` exits with 3 until the start limit is hit.
 * `each` had two connections.
 */
const recorded = readFileSync(new URL("../../../test/recorded/journal-257.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as JournalFields);

function counted(entries: readonly JournalFields[], from = emptyCounters()): Counters {
  let counters = from;
  for (const fields of entries) {
    const event = journalEvent(fields, false, 0);
    if (event) counters = count(counters, event, index);
  }
  return counters;
}
const countsOf = (entries: readonly JournalFields[], name: string) =>
  countersOf(counted(entries), name).counts;

describe("entries of systemd 257", () => {
  test("starts, wakes, crashes and restarts are counted", () => {
    expect(countsOf(recorded, "shop")).toEqual({
      starts: 7,
      // Two by clients, and two by systemctl while the service slept.
      wakes: 4,
      failedStarts: 0,
      crashes: 2,
      restartsByFailure: 2,
      restartsByRequest: 1,
      reloads: 0,
      failedReloads: 0,
      handovers: 0,
      failedHandovers: 0,
      moved: 0,
      cut: 2,
      rejected: 0,
    });
    expect(countsOf(recorded, "norestart")).toMatchObject({ starts: 2, wakes: 2, crashes: 1 });
  });

  test("a start that systemd refuses because of the limit does not count", () => {
    expect(countsOf(recorded, "fail")).toMatchObject({
      starts: 5,
      wakes: 1,
      failedStarts: 5,
      crashes: 0,
      restartsByFailure: 4,
    });
    const { now } = countersOf(counted(recorded), "fail");
    expect(now).toMatchObject({
      runs: {},
      restarts: {},
      failed: { "fail.service": true },
      asleepSince: null,
    });
  });

  test("each connection of Accept=yes is a wake, without a duration", () => {
    const app = countersOf(counted(recorded), "each");
    expect(app.counts).toMatchObject({ starts: 2, wakes: 2 });
    expect(app.wakes.count).toBe(0);
    expect(Object.keys(app.now.runs)).toHaveLength(2);
  });

  test("a wake takes until the service is ready", () => {
    const { wakes } = countersOf(counted(recorded), "shop");
    expect(wakes.count).toBe(4);
    expect(wakes.counts.reduce((sum, value) => sum + value)).toBe(4);
    // From Starting to Started, by _SOURCE_REALTIME_TIMESTAMP.
    expect(wakes.sum).toBeCloseTo(0.051513 + 0.047316 + 0.051696 + 0.070155, 2);
  });

  test("the time asleep is between a run and the next one", () => {
    const { asleep } = countersOf(counted(recorded), "shop");
    // Until the first start, and after Deactivated: twice by itself, once stopped, once killed.
    expect(asleep / 1e6).toBeCloseTo(0.111283 + 0.121862 + 0.02076 + 0.030735, 2);
  });

  test("entries that journald reads late change no time", () => {
    const late = recorded.map((fields, position) => {
      const wait = (position % 7) * 300_000;
      const read = (name: string) => String(Number(fields[name]) + wait);
      return {
        ...fields,
        _SOURCE_REALTIME_TIMESTAMP: fields["__REALTIME_TIMESTAMP"]!,
        __REALTIME_TIMESTAMP: read("__REALTIME_TIMESTAMP"),
        __MONOTONIC_TIMESTAMP: read("__MONOTONIC_TIMESTAMP"),
      };
    });
    expect(counted(late).apps).toEqual(counted(recorded).apps);
  });

  test("an earlier reading and the rest make the same as one reading", () => {
    for (let at = 0; at <= recorded.length; at += 5)
      expect(counted(recorded.slice(at), counted(recorded.slice(0, at)))).toEqual(counted(recorded));
  });

  test("another boot ends what ran, and keeps the counts", () => {
    const next = recorded.map((fields) => ({ ...fields, _BOOT_ID: "2".repeat(32) }));
    const twice = countersOf(counted(next, counted(recorded)), "norestart");
    expect(twice.counts).toMatchObject({ starts: 4, wakes: 4, crashes: 2 });
  });
});

describe("forged entries", () => {
  const forged = (changes: JournalFields) => recorded.map((fields) => ({ ...fields, ...changes }));

  test("what another process than systemd says about a unit does not count", () => {
    expect(countsOf(forged({ _PID: "2" }), "shop").starts).toBe(0);
    expect(countsOf(forged({ _UID: "1000" }), "shop").starts).toBe(0);
    expect(counted(forged({ _SYSTEMD_UNIT: "norestart.service", _PID: "9" })).apps).toEqual({
      norestart: expect.objectContaining({ counts: expect.objectContaining({ starts: 0, cut: 2 }) }),
    });
  });

  test("a record counts only for the unit of its process", () => {
    const record = recorded.find(({ SOCKACT_EVENT }) => SOCKACT_EVENT !== undefined)!;
    const other = {
      ...record,
      _SYSTEMD_UNIT: "norestart.service",
      UNIT: "shop.service",
      SOCKACT_APP: "shop",
    };
    expect(countsOf([other], "shop").cut).toBe(0);
    expect(countsOf([other], "norestart").cut).toBe(2);
    expect(counted([{ ...record, _SYSTEMD_UNIT: "user@1000.service" }]).apps).toEqual({});
  });

  test.each(["-1", "1e9", "NaN", "Infinity", "0x10", "", "9".repeat(400), null, [50]])(
    "%s connections do not count",
    (value) => {
      const record = recorded.find(({ SOCKACT_EVENT }) => SOCKACT_EVENT !== undefined)!;
      expect(countsOf([{ ...record, SOCKACT_CONNECTIONS_CUT: value }], "shop").cut).toBe(0);
    },
  );

  test("a unit may have the name of a property of all objects", () => {
    const names = ["__proto__", "constructor", "toString"];
    const odd = unitIndex(names.map(single));
    for (const name of names) {
      const start = journalEvent({ ...recorded[4], UNIT: `${name}.service` }, false, 0)!;
      const counters = count(emptyCounters(), start, odd);
      expect(countersOf(counters, name).counts.starts).toBe(1);
      expect(countersOf(emptyCounters(), name).counts.starts).toBe(0);
    }
  });
});

describe("a rolling pair", () => {
  const entry = (unit: string, id: string, more: JournalFields = {}): JournalFields => ({
    ...recorded[4],
    UNIT: unit,
    MESSAGE_ID: id,
    INVOCATION_ID: unit,
    JOB_RESULT: "done",
    ...more,
  });
  const STARTING = "7d4958e842da4a758f6c1cdc7b36dcc5";
  const ENDED = "7ad2d189f7e94e70a38c781354912448";

  test("a start of one instance while the other runs is a restart, and wakes nothing", () => {
    const rolled = [
      entry("pair@blue.service", STARTING),
      entry("pair@green.service", STARTING),
      entry("pair@blue.service", ENDED),
    ];
    expect(countsOf(rolled, "pair")).toMatchObject({ starts: 2, wakes: 1, restartsByRequest: 1 });
  });

  test("after the end of one instance, a client wakes the other one", () => {
    const woken = [
      entry("pair@green.service", STARTING),
      entry("pair@green.service", ENDED),
      entry("pair@blue.service", STARTING),
    ];
    expect(countsOf(woken, "pair")).toMatchObject({ starts: 2, wakes: 2, restartsByRequest: 0 });
  });
});
