import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { noCounters } from "./app-counters.ts";
import { type Counters, emptyCounters } from "./counters.ts";
import { readCounters, writeCounters } from "./state-file.ts";

const run = { invocation: "a", began: 1, isReady: true, isStopping: false, isWake: true, cpu: 7 };
const app = noCounters();
const counters: Counters = {
  ...emptyCounters(),
  created: 1_700_000_000_000.5,
  boot: "b".repeat(32),
  cursor: "s=0a;i=1d4;b=05af;m=40b1df1cf;t=6619e06196988;x=3ec5811919c496c5",
  apps: {
    shop: {
      ...app,
      ended: { f00: 3 },
      now: {
        runs: { "shop.service": run },
        restarts: { "shop.service": "failure" },
        failed: { "shop.service": true },
        sockets: { "shop.socket": { listens: true, job: 4 } },
        asleepSince: 12,
        isHealthy: false,
      },
    },
    blog: app,
  },
};

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sockact-state-"));
  file = join(folder, "counters.json");
  return () => rmSync(folder, { recursive: true });
});

test("the counters are read as they were written, and nothing else is left", () => {
  writeCounters(file, emptyCounters());
  writeCounters(file, counters);
  expect(readCounters(file)).toEqual(counters);
  expect(readdirSync(folder)).toEqual(["counters.json"]);
});

test("without a file, there are no counters", () => {
  expect(readCounters(join(folder, "missing"))).toBeUndefined();
});

test("a file that ends anywhere has no counters", () => {
  const text = JSON.stringify(counters);
  for (let length = 0; length < text.length; length += 11) {
    writeFileSync(file, text.slice(0, length));
    expect(readCounters(file)).toBeUndefined();
  }
});

test("a file with another value in place of any number has no counters", () => {
  const text = JSON.stringify({ ...counters, apps: { shop: counters.apps["shop"] } });
  const numbers = [...text.matchAll(/(?<=[:,[])\d[\d.]*(?=[,\]}])/g)];
  expect(numbers.length).toBeGreaterThan(50);
  for (const { index, 0: number } of numbers) {
    for (const wrong of ['"x"', "-1", "1e999"]) {
      writeFileSync(file, text.slice(0, index) + wrong + text.slice(index + number.length));
      expect(readCounters(file), `${wrong} at ${index}`).toBeUndefined();
    }
  }
});

test.each([
  [{ format: 2 }],
  [{ cursor: "--file=/etc/shadow" }],
  [{ cursor: 7 }],
  [{ boot: 1 }],
  [{ apps: { shop: {} } }],
  [{ apps: { shop: { ...app, counts: { ...app.counts, starts: -1 } } } }],
  [{ apps: { shop: { ...app, wakes: { ...app.wakes, counts: [1] } } } }],
  [{ apps: { shop: { ...app, now: { ...app.now, asleepSince: "1" } } } }],
  [{ apps: { shop: { ...app, now: { ...app.now, runs: { "shop.service": { began: 1 } } } } } }],
])("garbage is ignored: %j", (garbage) => {
  writeFileSync(file, JSON.stringify({ ...counters, ...garbage }));
  expect(readCounters(file)).toBeUndefined();
});

test("what apps have recorded is read as it was written, and garbage in it leaves the counters as they are", () => {
  const series = { family: "hits_total", type: "counter", isCounter: true, value: -5 } as const;
  const own = {
    shop: { time: 5, lives: { "shop.service a 1": "hits 1\n" }, carried: { "hits_total{}": series } },
  };
  writeCounters(file, { ...counters, own });
  expect(readCounters(file)).toEqual({ ...counters, own });
  const garbage = [
    { shop: { ...own.shop, time: "5" } },
    { shop: { ...own.shop, lives: { a: 5 } } },
    { shop: { ...own.shop, carried: { a: { ...series, value: "5" } } } },
    { shop: { ...own.shop, carried: { a: { value: 5 } } } },
  ];
  for (const each of garbage) {
    writeFileSync(file, JSON.stringify({ ...counters, own: each }));
    expect(readCounters(file)).toEqual(counters);
  }
});

test("if the file can't be written, it stays as it was", () => {
  writeCounters(file, counters);
  const before = readFileSync(file, "utf8");
  mkdirSync(`${file}.new`);
  onTestFinished(() => rmSync(`${file}.new`, { recursive: true }));
  expect(() => writeCounters(file, emptyCounters())).toThrow(
    expect.objectContaining({ code: "SOCKACT_ERR_WRITE" }),
  );
  expect(readFileSync(file, "utf8")).toBe(before);
});
