/**
 * The state that a module of this package has once per process: the object `initial`, or the object of
 * another copy of the package. The copies must share it, because each needs the variables that the first one
 * has removed.
 *
 * Change the number in the key when the shape of any of these objects changes.
 *
 * @param name a unique name
 */
export function processState<T extends object>(name: string, initial: T): T {
  const key = Symbol.for("sockact.notify.1");
  const states = ((globalThis as Record<symbol, unknown>)[key] ??= {}) as Record<string, object>;
  return (states[name] ??= initial) as T;
}
