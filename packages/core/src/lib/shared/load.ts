const loaded = new Set<unknown>();

/**
 * Loads the file of a function that runs later: it is loaded when the function is read, for this call. Later,
 * the file may have been replaced, or no descriptor may be free: decisions/033.
 */
export function load(later: unknown): void {
  loaded.add(later);
}
