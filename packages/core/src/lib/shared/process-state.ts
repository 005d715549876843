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
 * The state of one module, which all copies of this package in the process share, also an ESM copy and a
 * CommonJS copy. Without this, the second copy would find the variables gone, and each copy would patch what
 * the other has patched. The number in the symbol changes when the shape of any slot changes.
 *
 * @param initial the state that the first copy starts with; later copies get the state as it is then
 */
export function processState<T extends object>(slot: string, initial: T): T {
  const existing = slots.get(slot) as T | undefined;
  if (existing === undefined) slots.set(slot, initial);
  return existing ?? initial;
}

const done = processState("done", new Set<string>());

/** Runs an action once in this process, whichever copy of the package asks. */
export function once(what: string, action: () => void): void {
  if (done.has(what)) return;
  done.add(what);
  action();
}
