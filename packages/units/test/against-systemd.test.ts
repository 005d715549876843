import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith } from "@sockact/testkit";
import fc from "fast-check";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { emitUnits, UnitError } from "../src/index.ts";
import { durationOf, durationText } from "@sockact/shared/durations";
import { escapeUnitName, unitNamePart } from "../src/lib/systemd/escaping.ts";
import { plainAddress, span } from "./campaign/values.ts";

const seed = { seed: 20_251_105, numRuns: 1000 };

/** What a program prints, on both outputs. */
function run(command: string, ...args: string[]): string {
  const { stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1e8 });
  if (error) throw error;
  return stdout + stderr;
}

/**
 * The value, or one with characters put in or taken out; a backslash at the end would join two lines of a
 * unit.
 */
function almost(value: fc.Arbitrary<string>, characters: string): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat(),
    taken: fc.nat(1),
    put: fc.constantFrom("", ...characters.split("")),
  });
  return fc.tuple(value, fc.array(edit, { maxLength: 2 })).map(([text, edits]) => {
    const letters = Array.from(text);
    for (const { at, taken, put } of edits) letters.splice(at % (letters.length + 1), taken, put);
    return letters.join("").replace(/\\$/, "");
  });
}

/**
 * Expects that each difference is one of `deliberate`, and that each of those shows; a difference names the
 * side that refuses.
 */
function expectOnly(
  deliberate: Record<string, RegExp>,
  differences: readonly { text: string; refusedBy: "us" | "systemd" }[],
): void {
  const reasons = differences.map(({ text, refusedBy }) => {
    const [reason] =
      Object.entries(deliberate).find(([, pattern]) => pattern.test(`${refusedBy}: ${text}`)) ?? [];
    return reason ?? `refused by ${refusedBy} alone: ${JSON.stringify(text)}`;
  });
  expect([...new Set(reasons)].toSorted()).toEqual(Object.keys(deliberate).toSorted());
}

/** The values that systemd refuses, each a line of its own in one unit file. */
function refusedBySystemd(texts: readonly string[], section: string, keys: readonly string[]): Set<string> {
  const folder = mkdtempSync(join(tmpdir(), "sockact-units-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const lines = texts.map((text, index) => `${keys[index % keys.length]}=${text.replaceAll("%", "%%")}\n`);
  const units = {
    "app.service": "[Service]\nExecStart=/bin/sh\n",
    "app.socket": "[Socket]\nListenStream=80\n",
  };
  const unit = `app.${section.toLowerCase()}` as keyof typeof units;
  for (const [name, text] of Object.entries(units)) {
    writeFileSync(join(folder, name), name === unit ? `[${section}]\n${lines.join("")}${text}` : text);
  }
  const said = run("systemd-analyze", "verify", "--man=no", join(folder, unit));
  return new Set([...said.matchAll(/\bapp\.\w+:(\d+):/g)].map(([, line]) => texts[Number(line) - 2]!));
}

describeWith({ commands: ["systemd-escape"] }, "systemd-escape", () => {
  const odd = fc.string({
    unit: fc.oneof(
      fc.constantFrom(..."@/.-_:\\ %$'\"aZ0~é".split("")),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
    ),
    minLength: 1,
    maxLength: 20,
  });
  const texts = fc.sample(
    odd.filter((text) => !text.includes("\0")),
    seed,
  );
  let escaped: string[];
  beforeAll(() => {
    escaped = run("systemd-escape", "--", ...texts)
      .trimEnd()
      .split(" ");
  });

  it("writes a string in the same way", () => {
    expect(texts.map(escapeUnitName)).toEqual(escaped);
  });

  it("writes a part of a unit's name as we do, but for / and - and a leading dot", () => {
    // It says - for /, as paths need it, and so has to escape -; after a prefix that is not needed, nor is it
    // for a dot that begins.
    const expected = escaped.map((text) =>
      text.replace(/-|\\x2d/g, (found) => (found === "-" ? "\\x2f" : "-")).replace(/^\\x2e/, "."),
    );
    expect(texts.map(unitNamePart)).toEqual(expected);
  });
});

describeWith({ commands: ["systemd-analyze"] }, "systemd", () => {
  it("reads the same microseconds from a duration, and refuses the same values except for a few", () => {
    // Space at the ends is taken off.
    const texts = [
      ...new Set(
        fc
          .sample(
            almost(
              span.map(({ value }) => value),
              "0123456789.-+, smhdwyMu\u00a0",
            ),
            seed,
          )
          .map((text) => text.trim()),
      ),
      "1234567890us",
      "286y",
      "584542y",
    ];
    const taken = texts.map(durationText).filter((text) => text !== undefined);
    expect(taken.length).toBeGreaterThan(400);
    const microseconds = run("systemd-analyze", "timespan", "--", ...taken).matchAll(/^ *μs: (\d+)$/gm);
    expect(taken.map((text) => [text, Math.round(durationOf(text)! * 1000)])).toEqual(
      Array.from(microseconds, ([, count], index) => [taken[index], Number(count)]),
    );
    const refused = refusedBySystemd(texts, "Service", ["RestartSec"]);
    expectOnly(
      {
        "a number without a unit, which could be milliseconds":
          /^us: (?:.*[^.\d])??\s*\d+(?:\.\d*)?(?:\s|$|[.+])/s,
        "a sign": /^us: .*\+/,
        "a number that begins with its point": /^us: (?:.*[^\d])?\.\d/,
        "more digits than make sense": /^us: .*\d{10}/,
        "a longer time than 285 years": /^us: .*\d{3,} *y/,
      },
      texts
        .filter((text) => refused.has(text) !== (durationText(text) === undefined))
        .map((text) => ({ text, refusedBy: refused.has(text) ? "systemd" : "us" })),
    );
  });
});

// Until 252, it knows no kinds of vsock, and takes the port that stands for any.
describeWith({ commands: ["systemd-analyze"], systemd: 254 }, "systemd", () => {
  function refusedByUs(listen: string): boolean {
    try {
      emitUnits({ name: "app", exec: ["/bin/sh"], sockets: [{ listen }] });
      return false;
    } catch (error) {
      if (error instanceof UnitError) return true;
      throw error;
    }
  }

  it("refuses the addresses that we refuse, but for a few that it takes", () => {
    const zoned = fc
      .tuple(fc.ipV6(), fc.constantFrom("lo", "1", "none0"))
      .map(([ip, zone]) => `[${ip}]:80%${zone}`);
    const texts = [
      ...new Set(
        fc.sample(
          almost(
            fc.oneof(
              { weight: 6, arbitrary: plainAddress.map(({ value }) => String(value)) },
              { weight: 1, arbitrary: zoned },
            ),
            "0123456789abf:.[]/@%* -",
          ),
          seed,
        ),
      ),
      ..."localhost:80 0 65536 0777 080 *:80 ::1 [::1] [::1%lo]:80 1.2.3.4 1.2.3:80 run/app.sock ./app.sock @ / /run/ /run/../app.sock".split(
        " ",
      ),
      ..."vsock:2:0 vsock:2:4294967295 vsock:4294967295:80 vsock:4294967296:80 vsock-stream:2:80 vsock-dgram:2:80".split(
        " ",
      ),
      ...["/", "@"].flatMap((begin) => [106, 107].map((length) => begin + "a".repeat(length))),
    ];
    const refused = refusedBySystemd(texts, "Socket", ["ListenStream", "ListenDatagram"]);
    expect(refused.size).toBeGreaterThan(200);
    expect(texts.length - refused.size).toBeGreaterThan(200);
    expectOnly(
      {
        "a port that begins with 0, which it reads as octal": /^us: .*\b0+\d+/,
        "a space at an end, which systemd drops": /^us: (?: |.* $)/s,
        "a space before a number": /^us: vsock:.* /,
        "a path that names no file, which fails only once it is started": /^us: \/(?:.*\/)?$/s,
        "a path that goes back up": /^us: .*\/\.\./s,
        "a number of vsock(7) that stands for any": /^us: vsock:\d+:0$/,
        "a kind of socket that ListenStream= and ListenDatagram= say already": /^us: vsock-/,
        "an interface that this computer has not, and another may": /^systemd: \[.*%/,
      },
      texts
        .filter((text) => refusedByUs(text) !== refused.has(text))
        .map((text) => ({ text, refusedBy: refused.has(text) ? "systemd" : "us" })),
    );
  });
});
