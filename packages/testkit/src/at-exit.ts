import process from "node:process";

const actions = new Set<() => void>();

process.once("exit", () => {
  for (const action of actions) action();
});

/** Does this when the process of the tests ends, unless it is called off: whatever a test that died has left behind. */
export function atExit(action: () => void): () => void {
  actions.add(action);
  return () => actions.delete(action);
}
