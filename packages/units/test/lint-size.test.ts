import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editUnit, fixUnits, lintUnits, parseUnit, stringifyUnit } from "../src/index.ts";
import { units } from "./random-units.ts";
import { shapes } from "./shapes.ts";

/** Everything that reads files; whatever they hold, it does not throw. */
function readAll(files: Record<string, string>): void {
  const findings = lintUnits(files);
  const fixed = fixUnits(files);
  expect(Object.keys(fixed)).toEqual(Object.keys(files));
  for (const finding of findings) expect(Object.hasOwn(files, finding.file)).toBe(true);
  for (const text of Object.values(files)) {
    const unit = parseUnit(text);
    if (stringifyUnit(unit) !== text) throw new Error("The file was not returned as it was.");
    const edits = unit.entries.flatMap((entry) =>
      entry.kind === "assignment" && /^\w*$/.test(entry.section)
        ? [{ ...entry, key: "A", values: ["1"] }]
        : [],
    );
    const additions = edits.map(({ section }) => ({ section, key: "A", values: ["1"] }));
    editUnit(unit, [...edits, ...additions]);
  }
}

// `npm run bench -- units --shape` measures that the time is in proportion to the size.
describe("unit files of many kinds", () => {
  it.each(Object.entries(shapes))("are read to the end: %s", (_, make) => readAll(make(5_000)));
  it.each(Object.entries(shapes))(
    "are read to the end: 300,000 bytes of %s",
    { tags: "campaign" },
    (_, make) => readAll(make(300_000)),
  );
});

/** Pieces that have a meaning in a unit, and pieces that have none. */
const piece = fc.oneof(
  fc.constantFrom(
    ..."\n|\r\n|\r|\0|\\\n|\\|=|[|]|#|;| |\t|\"|'|%|%%|%n|%i|\uFEFF|\uFFFE|\uD800|\u2028|é|$|@|!|-|:|,|/|.|__proto__|constructor|Environment=|ExecStart=|ListenStream=|WorkingDirectory=|[Service]\n|[Socket]\n|[Unit]\n|[Install]\n|[__proto__]\n".split(
      "|",
    ),
  ),
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
);
const soup = (times: number) =>
  fc
    .tuple(fc.array(piece, { maxLength: 60 }), fc.integer({ min: 1, max: times }))
    .map(([pieces, count]) => pieces.join("").repeat(count).slice(0, 1_000_000));
const name = fc.oneof(
  fc.constantFrom(
    ..."app.service app.socket app@.service app@a-b.service app.service.d/a.conf service.d/a.conf app-.service.d/a.conf __proto__ __proto__.service constructor.socket a.__proto__ .d/.conf / .service @.service a.timer".split(
      " ",
    ),
  ),
  fc.string({ unit: "binary", maxLength: 12 }),
);

const piecesOf = (times: number) =>
  fc.array(fc.tuple(name, soup(times)), { maxLength: 4 }).map((some) => Object.fromEntries(some));
const unitsOf = (times: number) =>
  fc
    .tuple(units, fc.integer({ min: 1, max: times }))
    .map(([some, count]) =>
      Object.fromEntries(Object.entries(some).map(([file, text]) => [file, text.repeat(count)])),
    );

describe("files of any kind are read, and nothing is thrown", () => {
  it("of random pieces", () => {
    fc.assert(fc.property(piecesOf(200), readAll), { seed: 20_251_126, numRuns: 60 });
  });
  it("of unit files many times over", () => {
    fc.assert(fc.property(unitsOf(20), readAll), { seed: 20_251_127, numRuns: 30 });
  });
  it("of random pieces, larger and more of them", { tags: "campaign" }, () => {
    fc.assert(fc.property(piecesOf(5000), readAll), { seed: 20_251_126, numRuns: 400 });
  });
  it("of unit files, larger and more of them", { tags: "campaign" }, () => {
    fc.assert(fc.property(unitsOf(500), readAll), { seed: 20_251_127, numRuns: 60 });
  });
});
