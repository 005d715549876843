import { expect, it } from "vitest";
import { oldProcesses } from "./control-group.ts";

const app = ["node", "server.js"];
const pidsOf = (processes: { pid: number; parent: number; words?: string[] }[], main: number): number[] =>
  oldProcesses(
    processes.map((each) => ({ words: app, ...each })),
    main,
  ).map(({ pid }) => pid);

it("finds the old process of a handover, which is the parent of the new one", () => {
  expect(
    pidsOf(
      [
        { pid: 10, parent: 1 },
        { pid: 20, parent: 10 },
      ],
      20,
    ),
  ).toEqual([10]);
});

it("finds an older one whose successor has ended", () => {
  expect(
    pidsOf(
      [
        { pid: 10, parent: 1 },
        { pid: 30, parent: 1 },
      ],
      30,
    ),
  ).toEqual([10]);
});

it("knows it by its arguments, as Node starts itself by its real path", () => {
  expect(
    pidsOf(
      [
        { pid: 10, parent: 1, words: ["/usr/bin/node", "server.js"] },
        { pid: 20, parent: 10, words: ["/usr/bin/nodejs", "server.js"] },
      ],
      20,
    ),
  ).toEqual([10]);
});

it("leaves out workers, a new process that starts, and other programs of the service", () => {
  expect(
    pidsOf(
      [
        { pid: 20, parent: 1 },
        { pid: 21, parent: 20 },
        { pid: 22, parent: 21 },
        { pid: 23, parent: 1, words: ["/bin/sh", "-c", "kill -HUP 20"] },
      ],
      20,
    ),
  ).toEqual([]);
});
