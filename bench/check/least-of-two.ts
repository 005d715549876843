/**
 * The smaller of two results. Work in Node's threads, or occasional work of its compiler, increases one of
 * them.
 */
export async function leastOfTwo(measure: () => Promise<number>): Promise<number> {
  return Math.min(await measure(), await measure());
}
