import process from "node:process";
import { expect, test } from "vitest";
import { type Skipped, skippedLines } from "./lib/skipped-reporter.ts";

const program = (name: string, ...programs: string[]): Skipped => ({
  missing: { what: "program", program: name },
  programs: [name, ...programs],
});

test("a run without skipped tests ends without a table", () => {
  expect(skippedLines([])).toEqual([]);
});

test("programs of one Debian package are one row, and the largest number comes first", () => {
  const skipped = [
    program("git"),
    program("systemctl"),
    program("systemd-analyze"),
    program("/usr/bin/python3"),
  ];
  expect(skippedLines(skipped, true)).toEqual([
    "Tests that were skipped, because this machine does not have what they need:",
    "  2  systemd",
    "  1  git",
    "  1  python3",
    "On Debian, install them with:",
    "  apt-get install --yes --no-install-recommends git python3 systemd",
  ]);
});

test("the command also installs what the tests would lack next", () => {
  expect(skippedLines([program("git", "systemd", "curl")], true).at(-1)).toBe(
    "  apt-get install --yes --no-install-recommends curl git systemd",
  );
});

test("who is not root gets a command with sudo, and is told that root runs more tests", () => {
  const lines = skippedLines([{ missing: { what: "root" }, programs: ["git"] }], false);
  expect(lines.slice(1)).toEqual([
    "  1  root",
    "On Debian, install them with:",
    "  sudo apt-get install --yes --no-install-recommends git",
    "As root, more tests run: sudo --preserve-env=PATH npm test",
  ]);
});

test("a program that is in no Debian package is named, and no command is promised", () => {
  expect(skippedLines([program("xyz")], true).slice(1)).toEqual(["  1  the program xyz"]);
});

test("the newest Node that a test needs is named", () => {
  const skipped: Skipped[] = [22, 24, 22].map((version) => ({ missing: { what: "node", version } }));
  expect(skippedLines(skipped, true).slice(1)).toEqual([
    "  2  Node 22",
    "  1  Node 24",
    `On a newer Node: npm run test:on-node -- 24 (this is ${process.versions.node})`,
  ]);
});
