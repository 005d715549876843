import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describeWith } from "@sockact/testkit";
import { expect, it, onTestFinished } from "vitest";
import { fixUnits, lintUnits } from "../src/index.ts";
import { directivesOf } from "../src/lib/systemd/directives.ts";
import { cleanPair, faults, faulty } from "./faults.ts";

/** What `systemd-analyze verify` says. */
function verify(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "sockact-lint-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    // It complains of a program that is not there.
    writeFileSync(join(folder, name), text.replaceAll(/=\/\S*\/bin\/node /g, `=${process.execPath} `));
  }
  const units = Object.keys(files).filter((name) => !name.includes("/"));
  const paths = units.map((name) => join(folder, name.replace("@.", "@blue.")));
  const { stdout, stderr, error } = spawnSync("systemd-analyze", ["verify", ...paths], {
    encoding: "utf8",
    env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` },
  });
  return `${error?.message ?? ""}${stdout}${stderr}`;
}

describeWith({ commands: ["systemd-analyze"], systemd: 257 }, "systemd-analyze verify and the linter", () => {
  it("agree on the clean pair", () => {
    expect(verify(cleanPair)).toBe("");
  });

  it.each(
    faults.filter(({ refused }) => refused).map((fault) => [fault.code, fault.at.trim(), fault] as const),
  )("agree that systemd refuses %s at %s", (_, __, fault) => {
    expect(verify(faulty(fault))).not.toBe("");
  });

  it.each(
    faults
      .map((fault) => ({ fault, before: faulty(fault) }))
      .map(({ fault, before }) => ({ fault, before, after: fixUnits(before) }))
      .filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after))
      .map(({ fault, after }) => [fault.code, fault.at.trim(), after] as const),
  )("agree on the fixed form of %s at %s", (_, __, after) => {
    expect(lintUnits(after).filter(({ edits }) => edits !== undefined)).toEqual([]);
    expect(verify(after)).toBe("");
  });
});

describeWith({ systemd: 257 }, "the directives that the linter knows", () => {
  it("are those of systemd", () => {
    const { stdout } = spawnSync("/usr/lib/systemd/systemd", ["--dump-configuration-items"], {
      encoding: "utf8",
    });
    const sections = stdout.split(/^\[/m).map((section) => section.split("\n"));
    for (const [type, section] of [
      ["service", "Service"],
      ["socket", "Socket"],
      ["timer", "Timer"],
      ["service", "Unit"],
      ["service", "Install"],
    ] as const) {
      const names = sections
        .find(([header]) => header === `${section}]`)!
        .flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
      const unknown = names.filter((name) => !directivesOf[type]![section]!.has(name));
      expect({ section, unknown, some: names.length > 5 }).toEqual({ section, unknown: [], some: true });
    }
  });
});
