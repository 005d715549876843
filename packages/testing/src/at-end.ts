import process from "node:process";

const actions = new Set<() => void>();

process.once("exit", () => {
  for (const action of actions) action();
});

type Register = (action: () => void) => void;

let onTestFinished: Register | undefined;

/** Sets the function of the test runner that runs an action when the current test ends. */
export function registerWith(register: Register): void {
  onTestFinished = register;
}

/**
 * Runs an action when this process exits, or already when the current test ends, if the test runner can tell.
 * The returned function cancels the action.
 */
export function atEnd(action: () => void): () => void {
  actions.add(action);
  onTestFinished?.(() => {
    if (actions.delete(action)) action();
  });
  return () => actions.delete(action);
}
