import { appendFileSync } from "node:fs";
import process from "node:process";
import type { Reporter, TestCase } from "vitest/node";

/** Names each test that passed only in its second run. `RETRIED_TESTS` is a file that gets the names too. */
export default class RetriedReporter implements Reporter {
  readonly #names: string[] = [];

  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky) this.#names.push(`${test.module.moduleId}: ${test.fullName}`);
  }

  onTestRunEnd(): void {
    const lines = this.#names.map((name) => `PASSED ONLY WHEN RUN AGAIN: ${name}\n`).join("");
    if (lines === "") return;
    process.stdout.write(lines);
    const file = process.env["RETRIED_TESTS"];
    if (file) appendFileSync(file, lines);
  }
}
