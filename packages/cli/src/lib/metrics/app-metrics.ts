import { AppValues, type SavedAppValues } from "./app-values.ts";
import type { Sample } from "./catalog.ts";
import type { TakenRecords } from "./metrics-record.ts";
import type { UnitIndex } from "./unit-index.ts";

/** The metrics that apps have recorded with `recordMetrics()`. */
export class AppMetrics {
  readonly #onProblem: (app: string, problem: string) => void;
  readonly #problems = new Map<string, string>();
  #values = new AppValues();

  /** @param onProblem called when an app has recorded what is not valid, once for each reason */
  constructor(onProblem: (app: string, problem: string) => void) {
    this.#onProblem = onProblem;
  }

  /** Begins with values of an earlier process. */
  restore(saved: SavedAppValues): void {
    this.#values = new AppValues(saved);
  }

  /** Adds what the services of apps have recorded since the last call. */
  add({ records, dropped }: TakenRecords, find: UnitIndex): void {
    for (const { unit, ...record } of records) {
      const app = find(unit)?.name;
      if (app !== undefined) this.#say(app, this.#values.add({ app, ...record }));
    }
    for (const [unit, count] of dropped) {
      const app = find(unit)?.name;
      if (app !== undefined) this.#say(app, `${count} records of too many processes, or too long ones`);
    }
  }

  /** Forgets the apps that are gone. */
  keepOnly(apps: readonly string[]): void {
    this.#values.keepOnly(new Set(apps));
  }

  #say(app: string, problem: string | undefined): void {
    if (problem !== undefined && this.#problems.get(app) !== problem) this.#onProblem(app, problem);
    if (problem === undefined) this.#problems.delete(app);
    else this.#problems.set(app, problem);
  }

  /** When each app has recorded its values. */
  samples(): Sample[] {
    return this.#values.samples();
  }

  /** All metrics of apps in Prometheus' text format. */
  text(): string {
    return this.#values.text();
  }

  /** What {@link restore} takes. */
  save(): SavedAppValues {
    return this.#values.save();
  }
}
