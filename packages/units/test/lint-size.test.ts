import process from "node:process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editUnit, fixUnits, lintUnits, parseUnit, stringifyUnit } from "../src/index.ts";
import { units } from "./random-units.ts";
import { shapes } from "./shapes.ts";

const isLong = process.env["SOCKACT_LONG"] === "1";

/** Everything that reads files; whatever they hold, it neither throws nor takes long. */
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

describe("unit files of many kinds", () => {
  const [bytes, seconds] = isLong ? [1_000_000, 10] : [60_000, 2];
  const timeout = 120_000;

  it.each(Object.entries(shapes))(
    `are read within ${seconds} s of the processor: ${bytes} bytes of %s`,
    { timeout },
    (_, make) => {
      const files = make(bytes);
      const start = process.cpuUsage();
      readAll(files);
      // Work that is not in proportion to the size took up to several minutes.
      expect(process.cpuUsage(start).user / 1e6).toBeLessThan(seconds);
    },
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
const soup = fc
  .tuple(fc.array(piece, { maxLength: 60 }), fc.integer({ min: 1, max: isLong ? 20_000 : 200 }))
  .map(([pieces, times]) => pieces.join("").repeat(times).slice(0, 1_000_000));
const name = fc.oneof(
  fc.constantFrom(
    ..."app.service app.socket app@.service app@a-b.service app.service.d/a.conf service.d/a.conf app-.service.d/a.conf __proto__ __proto__.service constructor.socket a.__proto__ .d/.conf / .service @.service a.timer".split(
      " ",
    ),
  ),
  fc.string({ unit: "binary", maxLength: 12 }),
);

const long = { timeout: isLong ? 900_000 : 60_000 };

describe("files of any kind", () => {
  it("of random pieces are read, and nothing is thrown", long, () => {
    const files = fc.array(fc.tuple(name, soup), { maxLength: 4 }).map((some) => Object.fromEntries(some));
    fc.assert(fc.property(files, readAll), { seed: 20_251_126, numRuns: isLong ? 1000 : 60 });
  });

  it("of unit files many times over are read, and nothing is thrown", long, () => {
    const files = fc
      .tuple(units, fc.integer({ min: 1, max: isLong ? 500 : 20 }))
      .map(([some, times]) =>
        Object.fromEntries(Object.entries(some).map(([file, text]) => [file, text.repeat(times)])),
      );
    fc.assert(fc.property(files, readAll), { seed: 20_251_127, numRuns: isLong ? 100 : 60 });
  });
});
