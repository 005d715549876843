import type { Reporter, TestCase } from "vitest/node";

/** Says at the end how many tests were not in the sample. */
export default class SampleReporter implements Reporter {
  #leftOut = 0;

  onTestCaseResult(test: TestCase): void {
    if (test.meta().isLeftOut === true) this.#leftOut++;
  }

  onTestRunEnd(): void {
    if (this.#leftOut > 0)
      console.log(
        `This was a sample: ${this.#leftOut} of the skipped tests are not in it. \`npm run test:long\` runs all tests.`,
      );
  }
}
