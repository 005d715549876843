import { expect, it } from "vitest";
import { Unit } from "./units.ts";
import { failureText } from "./runs.ts";

it.each([
  ["exit-code 1 3 0", "Its main process exited with status 3."],
  ["exit-code 1 1 1", "Its main process exited with status 1. systemd has restarted it once."],
  [
    "exit-code 1 203 7",
    "Its main process exited with status 203: systemd could not execute the program. systemd has restarted it 7 times.",
  ],
  ["signal 2 9 0", "SIGKILL ended its main process."],
  ["core-dump 3 6 0", "SIGABRT ended its main process."],
  ["oom-kill 2 9 0", "The kernel ended it, because memory ran out. SIGKILL ended its main process."],
  ["timeout 2 15 0", "It took too long to start or to stop. SIGTERM ended its main process."],
  ["resources 0 0 0", "systemd could not set up what it needs."],
  ["some-new-result 0 0 0", ""],
])("says how a service ended: %s", (properties, text) => {
  const [Result = "", ExecMainCode = "", ExecMainStatus = "", NRestarts = ""] = properties.split(" ");
  const values = { Result, ExecMainCode, ExecMainStatus, NRestarts };
  expect(failureText(new Unit("shop.service", values))).toBe(text);
});
