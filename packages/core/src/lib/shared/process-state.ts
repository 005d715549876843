const SLOTS = "sockact.1";
const slots = ((globalThis as Record<symbol, unknown>)[Symbol.for(SLOTS)] ??= new Map()) as Map<
  string,
  object
>;

/** Whether the process has a copy of sockact whose slots have another shape. It can't know what this one does. */
export const hasOtherVersion = (): boolean =>
  Object.getOwnPropertySymbols(globalThis).some(
    ({ description = "" }) => /^sockact\.\d+$/.test(description) && description !== SLOTS,
  );

/**
 * The state of a module, shared by all copies of this package in the process, such as an ESM and a CommonJS
 * copy. Otherwise, the second copy would not find the variables, and each copy would patch the other's
 * patches. The number in the symbol changes when the shape of any slot changes.
 *
 * @param initial the initial state for the first copy; later copies get the current state
 */
export function processState<T extends object>(slot: string, initial: T): T {
  const existing = slots.get(slot) as T | undefined;
  if (existing === undefined) slots.set(slot, initial);
  return existing ?? initial;
}

const done = processState("done", new Set<string>());

/** Runs an action once per process, whichever copy of the package asks. */
export function once(what: string, action: () => void): void {
  if (done.has(what)) return;
  done.add(what);
  action();
}
