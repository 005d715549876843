import { shuffle } from "simple-statistics";
import type { Figure, Goal, MeasuredTable } from "./measured.ts";
import { randomFrom } from "../../packages/testing/programs/load/random.mjs";

/** One of the things that are compared. */
export interface Arm {
  name: string;
  /** The name of the arm for comparison. Its own name: none. */
  against: string;
  /** Measures once, and returns the figures by name. */
  measure(): Promise<Record<string, number>>;
}

/** What a table says of its arms. */
export interface Description {
  title: string;
  figures: readonly Figure[];
  goals?: readonly Goal[];
}

/** The arms whose name contains a string, and the arms that they are compared with. */
export function armsNamed<T extends Pick<Arm, "name" | "against">>(arms: readonly T[], text: string): T[] {
  const bases = arms.filter(({ name }) => name.includes(text)).map(({ against }) => against);
  return arms.filter(({ name }) => name.includes(text) || bases.includes(name));
}

/**
 * Measures every arm once in each round, in an order that is shuffled with a fixed seed. Other work on the
 * machine then affects all arms alike.
 *
 * @param warmUps rounds that fill the caches of the kernel, and do not count
 */
export async function compare(
  { title, figures, goals = [] }: Description,
  arms: readonly Arm[],
  rounds: number,
  warmUps = 1,
): Promise<MeasuredTable> {
  const random = randomFrom(1);
  const measured = arms.map(({ name, against }) => ({
    name,
    against,
    values: {} as Record<string, number[]>,
  }));
  for (let round = -warmUps; round < rounds; round++) {
    for (const index of shuffle([...arms.keys()], random)) {
      const values = await arms[index]!.measure();
      const wrong = Object.entries(values).find(([, value]) => !Number.isFinite(value));
      if (wrong) throw new Error(`${arms[index]!.name}: ${wrong[0]} must be a number; got ${wrong[1]}`);
      if (round < 0) continue;
      for (const [figure, value] of Object.entries(values))
        (measured[index]!.values[figure] ??= []).push(value);
    }
  }
  return { title, figures: [...figures], arms: measured, goals: [...goals] };
}
