import type { Load } from "./load.ts";
import type { Loads } from "./loads.ts";

/** Kinds of load, by name. */
export type Kinds = Record<string, keyof Loads>;
/** Loads that are starting, by name. */
export type Starting<Named extends Kinds> = { readonly [Name in keyof Named]: Promise<Load<Named[Name]>> };
/** The result of each load, by name. */
export type Results<Named extends Kinds> = { [Name in keyof Named]: Loads[Named[Name]]["result"] };

/**
 * Runs an action several times under these loads. Each client gets an answer between two runs. Resolves to
 * the results.
 */
export async function during<Named extends Kinds>(
  starting: Starting<Named>,
  times: number,
  action: (count: number) => Promise<void>,
): Promise<Results<Named>> {
  const promises: Promise<Load>[] = Object.values(starting);
  // The loads that have started must end, even if another one failed.
  await Promise.allSettled(promises);
  try {
    const loads = await Promise.all(promises);
    for (let count = 0; count < times; count++) {
      await action(count);
      await Promise.all(loads.map((load) => load.round()));
    }
    const results = await Promise.all(loads.map((load) => load.result()));
    const names = Object.keys(starting);
    return Object.fromEntries(results.map((result, index) => [names[index], result])) as Results<Named>;
  } finally {
    await Promise.allSettled(promises.map(async (load) => (await load)[Symbol.asyncDispose]()));
  }
}
