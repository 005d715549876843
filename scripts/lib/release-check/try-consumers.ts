import { join } from "node:path";
import type { Consumer } from "./consumers.ts";
import { Project } from "./project.ts";
import type { Registry } from "./registry.ts";

export interface Result {
  consumer: Consumer;
  seconds: number;
  /** The error, with the output of the program. */
  error?: string;
}

/** How many consumers are tried at the same time. */
const AT_ONCE = 2;

/**
 * Tries each consumer in a separate project, and calls `tell` with each result. A failure does not end the
 * others.
 */
export async function tryConsumers(
  consumers: readonly Consumer[],
  options: { folder: string; registry: Registry; copy: string },
  tell: (result: Result) => void,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = consumers.entries();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const [at, consumer] of waiting) {
        const folder = join(options.folder, `consumer-${at + 1}`);
        results[at] = await tryConsumer(consumer, { ...options, folder });
        tell(results[at]);
      }
    }),
  );
  return results;
}

async function tryConsumer(
  consumer: Consumer,
  options: { folder: string; registry: Registry; copy: string },
): Promise<Result> {
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  try {
    const project = new Project({ ...options, manager: consumer.manager, node: consumer.node });
    await project.install(...consumer.packages);
    await consumer.trial(project);
    return { consumer, seconds: seconds() };
  } catch (error) {
    return { consumer, seconds: seconds(), error: (error as Error).message };
  }
}
