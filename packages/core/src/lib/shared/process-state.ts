const slots = ((globalThis as Record<symbol, unknown>)[Symbol.for("sockact.1")] ??= new Map()) as Map<
  string,
  object
>;

/**
 * The part of this process's state that belongs to one module. Two copies of this package share it, an ESM and a CommonJS one too: the second copy would
 * find the variables gone, and each would patch what the other has patched. The number in the symbol changes when the shape of any slot does.
 *
 * @param initial what the first copy starts with; each later one gets what the first has made of it
 */
export function processState<T extends object>(slot: string, initial: T): T {
  const existing = slots.get(slot) as T | undefined;
  if (existing === undefined) slots.set(slot, initial);
  return existing ?? initial;
}

const done = processState("done", new Set<string>());

/** Does something once in this process, whichever copy of the package asks. */
export function once(what: string, action: () => void): void {
  if (done.has(what)) return;
  done.add(what);
  action();
}
