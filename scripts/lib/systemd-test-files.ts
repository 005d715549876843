import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** A group of tests that asks for a private systemd, for a version of systemd, or for one of its programs. */
const asksSystemd = /describeWith\(\s*\{[^}]*(?:\bprivateSystemd\b|\bsystemd:|"systemd-)/;

/** A group of tests that boots a systemd. Tests that need only systemd-socket-activate take minutes in a contract, and give the same result everywhere. */
const bootsSystemd = /describeWith\(\s*\{[^}]*\bprivateSystemd\b/;

/** The test files that need systemd, themselves or by a contract of the testkit that boots one. */
export function systemdTestFiles(): string[] {
  const testkit = "packages/testkit/src";
  const contracts = readdirSync(testkit)
    .filter((file) => file.endsWith("-contract.ts"))
    .map((file) => readFileSync(`${testkit}/${file}`, "utf8"))
    .filter((text) => bootsSystemd.test(text))
    .map((text) => /export function (\w+)\(/.exec(text)![1]!);
  const callsOne = new RegExp(`^(?:${contracts.join("|")})\\(`, "m");
  const list = execFileSync("npx", ["vitest", "list", "--filesOnly", "--json"], { encoding: "utf8" });
  return (JSON.parse(list) as { file: string }[])
    .map(({ file }) => file)
    .filter((file) => {
      const text = readFileSync(file, "utf8");
      return asksSystemd.test(text) || callsOne.test(text);
    });
}
