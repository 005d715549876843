const loaded = new Set<unknown>();

/**
 * Loads the file of a function that runs later: reading the function for this call loads it. Later, the file
 * may have been replaced, or there may be no free descriptor: decisions/033.
 */
export function load(later: unknown): void {
  loaded.add(later);
}
