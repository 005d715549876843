import { expect, test } from "vitest";
import { metricsRecord, WaitingRecords } from "./metrics-record.ts";

const record = (unit: string, pid: number, text: string) =>
  metricsRecord({
    _SYSTEMD_UNIT: unit,
    _SYSTEMD_INVOCATION_ID: "a",
    _PID: String(pid),
    SOCKACT_METRICS: text,
    __REALTIME_TIMESTAMP: "1000000",
  })!;

test("the newest record of each process waits, however many there are", () => {
  const waiting = new WaitingRecords();
  waiting.add(record("blog.service", 1, "visits 1\n"));
  for (let index = 0; index < 100_000; index++) waiting.add(record("shop.service", 2, `visits ${index}\n`));
  const { records, dropped } = waiting.take();
  expect(records.map(({ text }) => text)).toEqual(["visits 1\n", "visits 99999\n"]);
  expect(dropped.size).toBe(0);
  expect(waiting.take().records).toEqual([]);
});

test("many processes of one service, or long records, leave the others what they have", () => {
  const waiting = new WaitingRecords();
  waiting.add(record("blog.service", 1, "visits 1\n"));
  for (let pid = 0; pid < 1000; pid++) waiting.add(record("shop.service", pid, "visits 1\n"));
  for (let pid = 0; pid < 10; pid++) waiting.add(record("long.service", pid, "x".repeat(200_000)));
  const { records, dropped } = waiting.take();
  const unitsOf = (unit: string) => records.filter(({ process }) => process.startsWith(`${unit} `)).length;
  expect([unitsOf("blog.service"), unitsOf("shop.service"), unitsOf("long.service")]).toEqual([1, 256, 5]);
  expect(Object.fromEntries(dropped)).toEqual({ "shop.service": 744, "long.service": 5 });
});

test("the connections of one service have the limits of a service", () => {
  const waiting = new WaitingRecords();
  for (const unit of ["shop@eu.service", "shop@us.service"]) waiting.add(record(unit, 1, "visits 1\n"));
  for (let pid = 0; pid < 1000; pid++)
    waiting.add(record(`each@${pid}-${pid}-1000.service`, pid, "x".repeat(100_000)));
  for (let pid = 0; pid < 10; pid++)
    waiting.add(record(`tcp@${pid}-9-127.0.0.1:88-127.0.0.1:5${pid}.service`, pid, "x".repeat(200_000)));
  const { records, dropped } = waiting.take();
  expect(records).toHaveLength(2 + 10 + 5);
  expect(Object.fromEntries(dropped)).toEqual({ "each@.service": 990, "tcp@.service": 5 });
});

test("what a session or a scope records does not count", () => {
  expect(metricsRecord({ _SYSTEMD_UNIT: "session-1.scope", SOCKACT_METRICS: "visits 1\n" })).toBeUndefined();
});
