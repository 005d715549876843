/**
 * The state that a module of this package keeps once a process: the object `initial`, or the one that another copy of the package
 * has put there. Two copies in one process are likely, and the second finds the variables gone that the first has removed.
 *
 * The number in the key changes when the shape of any of these objects does.
 *
 * @param name the module's own; no other module uses it
 */
export function processState<T extends object>(name: string, initial: T): T {
  const key = Symbol.for("sockact.notify.1");
  const states = ((globalThis as Record<symbol, unknown>)[key] ??= {}) as Record<string, object>;
  return (states[name] ??= initial) as T;
}
