// Connects @sockact/testing to Vitest: what a test leaves behind is removed when the test ends, also by its
// timeout.
import { onTestFinished, TestRunner } from "vitest";
import { registerWith } from "../../testing/src/at-end.ts";

registerWith((action) => {
  // Among concurrent tests, Vitest does not know which test calls.
  const test = TestRunner.getCurrentTest();
  if (test !== undefined && !test.concurrent) onTestFinished(action);
});
