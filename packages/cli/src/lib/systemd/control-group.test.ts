import { expect, it } from "vitest";
import { type GroupProcess, oldProcesses } from "./control-group.ts";

const process = (pid: number, started: number, ...words: string[]): GroupProcess => ({
  pid,
  parent: 1,
  started,
  words: words.length > 0 ? words : ["node", "server.js"],
});
const pidsOf = (processes: GroupProcess[], main: number): number[] =>
  oldProcesses(processes, main).map(({ pid }) => pid);

it("finds the old processes of handovers", () => {
  expect(pidsOf([process(10, 1), process(20, 2), process(30, 3)], 30)).toEqual([10, 20]);
});

it("knows them by their arguments, as Node starts itself by its real path", () => {
  const all = [process(10, 1, "/usr/bin/node", "server.js"), process(20, 2, "/usr/bin/nodejs", "server.js")];
  expect(pidsOf(all, 20)).toEqual([10]);
});

it("leaves out workers, a new process that starts, and other programs of the service", () => {
  const all = [process(19, 1, "/bin/sh", "-c", "kill -HUP 20"), process(20, 2), process(21, 3)];
  expect(pidsOf(all, 20)).toEqual([]);
});
