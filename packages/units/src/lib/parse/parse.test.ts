import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UnitError } from "../problems.ts";
import { editUnit } from "./edit.ts";
import { assignments, parseUnit, stringifyUnit } from "./parse.ts";

const bit = fc.oneof(
  fc.constantFrom(
    ..."\n \t \r\n \r \0 \\ \\\n \\\r\n # ; [ ] [Unit] [Service]\n = A=b Description= ' \" % \uFEFF \uFFFE é".split(
      " ",
    ),
    "# comment\n",
    "  ; comment \\\n",
    " ",
    "Environment=A=1 \\\n",
  ),
  fc.string({ unit: "binary", maxLength: 3 }),
);
const text = fc.array(bit, { maxLength: 30 }).map((bits) => bits.join(""));
const seed = { seed: 20_250_401, numRuns: 2000 };

/** The assignments of a file, as `line [Section] key=value`. */
const read = (unit: string): string[] =>
  assignments(parseUnit(unit)).map(({ line, section, key, value }) => `${line} [${section}] ${key}=${value}`);

describe("parseUnit", () => {
  it("gives back any text to stringifyUnit", () => {
    fc.assert(
      fc.property(text, (unit) => {
        expect(stringifyUnit(parseUnit(unit))).toBe(unit);
      }),
      seed,
    );
  });

  it.each([
    ["a = b ", ["2 [Unit] a=b"]],
    ["a=b\\\nc", ["2 [Unit] a=b c"]],
    ["a=b \\\n  c\\\n", ["2 [Unit] a=b    c"]],
    ["a=b\\\n# not c \\\n ; nor d\nc", ["2 [Unit] a=b c"]],
    ["a=b\\\n\nc=d", ["2 [Unit] a=b", "4 [Unit] c=d"]],
    ["a=b\\\\\nc=d", ["2 [Unit] a=b\\\\", "3 [Unit] c=d"]],
    ["a=b\\", ["2 [Unit] a=b"]],
    ["a=b \\ \nc=d", ["2 [Unit] a=b \\", "3 [Unit] c=d"]],
    ["# a=b\\\nc=d", ["3 [Unit] c=d"]],
    ["a=b # no comment", ["2 [Unit] a=b # no comment"]],
    ["a=", ["2 [Unit] a="]],
    ["a=b=c", ["2 [Unit] a=b=c"]],
    ["a=b\r\nc=d\r\n", ["2 [Unit] a=b", "3 [Unit] c=d"]],
    ["a=b\rc=d\0e=f", ["2 [Unit] a=b", "3 [Unit] c=d", "4 [Unit] e=f"]],
    ["nothing\n=nothing\na=b", ["4 [Unit] a=b"]],
    ["[X]\na=b\n[Unit]\na=c", ["3 [X] a=b", "5 [Unit] a=c"]],
    ["a=b\n[Unit\na=c", ["2 [Unit] a=b"]],
    ["a=b\nc=\uFFFE\na=c", ["2 [Unit] a=b"]],
  ])("reads %j as systemd does", (lines, seen) => {
    expect(read(`[Unit]\n${lines}`)).toEqual(seen);
  });

  it("ignores a byte order mark, and lines before the first section", () => {
    expect(read("\uFEFFa=b\n[Unit]\na=c")).toEqual(["3 [Unit] a=c"]);
    expect(read("\uFEFF[Unit]\na=b")).toEqual(["2 [Unit] a=b"]);
  });

  it("gives up, as systemd does, at a line of 1 MiB", () => {
    const line = `a=${"b".repeat(1_048_576 - 3)}`;
    expect(read(`[Unit]\n${line}\nc=d`)).toHaveLength(2);
    expect(read(`[Unit]\n${line}b\nc=d`)).toEqual([]);
    expect(read(`[Unit]\n${line.slice(0, -2)}é\nc=d`)).toHaveLength(2);
    expect(read(`[Unit]\n${line.slice(0, -1)}é\nc=d`)).toEqual([]);
    expect(read(`[Unit]\na=b\\\n${line}\nc=d`)).toEqual([]);
  });
});

describe("editUnit", () => {
  const unit = "; first\n[Unit]\nA = 1\\\n # kept\n 2 \n\n[Service]\nB=1\nB=2\n\n[Unit]\nC=3";
  const edited = (...edits: Parameters<typeof editUnit>[1]) =>
    stringifyUnit(editUnit(parseUnit(unit), edits));

  it("puts other lines in the place of one", () => {
    expect(edited({ line: 9, section: "Service", key: "B", values: ["", "3"] })).toBe(
      unit.replace("B=2", "B=\nB=3"),
    );
    expect(edited({ line: 12, section: "Unit", key: "D", values: ["4"] })).toBe(unit.replace("C=3", "D=4"));
  });

  it("keeps the comments of a line that it removes", () => {
    expect(edited({ line: 3, section: "Unit", key: "A", values: [] })).toBe(
      unit.replace("A = 1\\\n # kept\n 2 \n", " # kept\n"),
    );
  });

  it("knows no other line ends than systemd, and keeps a comment at the end of the file", () => {
    const changed = (given: string) =>
      stringifyUnit(editUnit(parseUnit(given), [{ line: 2, section: "Unit", key: "A", values: ["2"] }]));
    expect(changed("[Unit]\nA=1 \u2028# no comment\nB=1\n")).toBe("[Unit]\nA=2\nB=1\n");
    expect(changed("[Unit]\nA=1 \\\n# kept")).toBe("[Unit]\n# kept\nA=2");
  });

  it("adds to the end of a section, or makes it", () => {
    expect(edited({ section: "Service", key: "B", values: ["3"] })).toBe(unit.replace("B=2\n", "B=2\nB=3\n"));
    expect(edited({ section: "Unit", key: "D", values: ["4", "5"] })).toBe(`${unit}\nD=4\nD=5\n`);
    expect(edited({ section: "Install", key: "Also", values: ["a.socket"] })).toBe(
      `${unit}\n\n[Install]\nAlso=a.socket\n`,
    );
  });

  it("makes [Unit] before the other sections, and leaves their comments to them", () => {
    const added = (other: string) =>
      stringifyUnit(editUnit(parseUnit(other), [{ section: "Unit", key: "A", values: ["1"] }]));
    expect(added("# licence\n\n# the service\n[Service]\nB=2\n")).toBe(
      "# licence\n\n[Unit]\nA=1\n\n# the service\n[Service]\nB=2\n",
    );
    expect(added("[Service]")).toBe("[Unit]\nA=1\n\n[Service]");
    expect(added("# licence")).toBe("# licence\n\n[Unit]\nA=1\n");
  });

  it("makes several edits with line numbers of the given file", () => {
    expect(
      edited(
        { line: 3, section: "Unit", key: "A", values: [] },
        { line: 8, section: "Service", key: "B", values: ["x"] },
        { section: "Service", key: "B", values: ["3"] },
      ),
    ).toBe(unit.replace("A = 1\\\n # kept\n 2 \n", " # kept\n").replace("B=1\nB=2\n", "B=x\nB=2\nB=3\n"));
  });

  it("makes exactly the given changes, in any file", () => {
    const what = (other: string) =>
      parseUnit(other).entries.flatMap((entry) =>
        entry.kind === "assignment" ? [`[${entry.section}] ${entry.key}=${entry.value}`] : [],
      );
    fc.assert(
      fc.property(text, fc.nat(), (random, pick) => {
        const parsed = parseUnit(random);
        const added = stringifyUnit(editUnit(parsed, [{ section: "Unit", key: "New", values: ["x y"] }]));
        expect(what(added).toSorted()).toEqual([...what(random), "[Unit] New=x y"].toSorted());
        const all = parsed.entries.filter((entry) => entry.kind === "assignment");
        const chosen = all[pick % all.length];
        if (chosen === undefined) return;
        const removed = stringifyUnit(editUnit(parsed, [{ ...chosen, values: [] }]));
        expect(what(removed)).toEqual(what(random).toSpliced(all.indexOf(chosen), 1));
      }),
      seed,
    );
  });

  it("keeps the line ends of the file", () => {
    const added = editUnit(parseUnit("[Unit]\r\nA=1\r\n"), [{ section: "Unit", key: "B", values: ["2"] }]);
    expect(stringifyUnit(added)).toBe("[Unit]\r\nA=1\r\nB=2\r\n");
  });

  it("refuses all values that would not stay on their line, at once", () => {
    const bad = [
      { section: "Unit", key: "A", values: ["b\nExecStart=/bin/sh", "c\\"] },
      { section: "Unit]", key: "A=", values: [""] },
    ];
    const edit = () => editUnit(parseUnit(""), bad);
    expect(edit).toThrow(UnitError);
    expect(edit).toThrow(
      /edits\[0\]\.values\[0\].*\n.*edits\[0\]\.values\[1\].*\n.*edits\[1\]\.section.*\n.*edits\[1\]\.key/,
    );
  });
});
