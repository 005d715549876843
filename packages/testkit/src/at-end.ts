import process from "node:process";
import { onTestFinished, TestRunner } from "vitest";

const actions = new Set<() => void>();

process.once("exit", () => {
  for (const action of actions) action();
});

/**
 * Runs an action when the current test ends, also by its timeout, and when this process exits. The returned
 * function cancels the action.
 *
 * Among concurrent tests, Vitest does not know which test calls. There, and outside of a test, the action
 * runs at exit.
 */
export function atEnd(action: () => void): () => void {
  actions.add(action);
  const runOnce = (): void => {
    if (actions.delete(action)) action();
  };
  const test = TestRunner.getCurrentTest();
  if (test !== undefined && !test.concurrent) onTestFinished(runOnce);
  return () => actions.delete(action);
}
