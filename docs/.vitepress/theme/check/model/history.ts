/** The states for Undo and Redo. Typing without a pause is one step. */
export interface History<State> {
  readonly past: readonly State[];
  readonly now: State;
  readonly future: readonly State[];
  /** The kind and the time of the last change. */
  readonly last: { readonly kind: string; readonly at: number };
}

const mostSteps = 200;
const pause = 1000;

export const begin = <State>(now: State): History<State> => ({
  past: [],
  now,
  future: [],
  last: { kind: "begin", at: 0 },
});

/** Adds a step. If the reader keeps typing without a pause, the new step is merged with the last one. */
export function step<State>(history: History<State>, now: State, kind: string, at: number): History<State> {
  const continues = kind === "type" && history.last.kind === kind && at - history.last.at < pause;
  const past = continues ? history.past : [...history.past, history.now].slice(-mostSteps);
  return { past, now, future: [], last: { kind, at } };
}

export function undo<State>(history: History<State>): History<State> {
  const now = history.past.at(-1);
  if (now === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    now,
    future: [history.now, ...history.future],
    last: { kind: "undo", at: 0 },
  };
}

export function redo<State>(history: History<State>): History<State> {
  const [now, ...future] = history.future;
  if (now === undefined) return history;
  return { past: [...history.past, history.now], now, future, last: { kind: "redo", at: 0 } };
}
