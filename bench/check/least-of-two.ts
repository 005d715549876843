/**
 * The smaller of two results. What Node does in threads, or its compiler only sometimes, adds to one of them.
 */
export async function leastOfTwo(measure: () => Promise<number>): Promise<number> {
  return Math.min(await measure(), await measure());
}
