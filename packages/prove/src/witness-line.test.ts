import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { causesOf } from "./find-causes.ts";
import { CHECKS } from "./report.ts";
import { readWitnessLine, type WitnessLine } from "./witness-line.ts";

const folder = new URL("../test/recorded/", import.meta.url);
const recorded = readdirSync(folder).map((name) =>
  readFileSync(new URL(name, folder), "utf8").trim().split("\n"),
);

const read = (line: string): WitnessLine | undefined => readWitnessLine(line, 7, (_, value) => value);

/** The value with each of its parts replaced in turn. */
function* replaced(value: unknown, by: unknown): Generator {
  yield by;
  if (typeof value !== "object" || value === null) return;
  for (const [key, part] of Object.entries(value))
    for (const other of replaced(part, by))
      yield Array.isArray(value) ? value.with(Number(key), other) : { ...value, [key]: other };
}

test("each recorded line is read, and has the number of its process", () => {
  for (const line of recorded.flat()) expect(read(line)).toEqual({ ...(JSON.parse(line) as object), pid: 7 });
});

test("a line with a value of another type is left out, or breaks nothing", () => {
  const counts = { read: 0, refused: 0 };
  for (const lines of recorded) {
    const others = lines.flatMap((line) => read(line) ?? []);
    for (const line of lines)
      for (const by of [null, 1, "text", [], [null], {}, { file: {} }])
        for (const value of replaced(JSON.parse(line), by)) {
          const hostile = read(JSON.stringify(value));
          counts[hostile === undefined ? "refused" : "read"]++;
          if (hostile === undefined) continue;
          for (const id of CHECKS)
            causesOf(id, {
              lines: [...others, hostile],
              outcome: { verdict: "broken" },
              causes: [],
              folder: "/srv/app",
            });
        }
  }
  expect(counts.read).toBeGreaterThan(100);
  expect(counts.refused).toBeGreaterThan(100);
});
