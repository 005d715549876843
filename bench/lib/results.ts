import type { Machine, Noise } from "./machine.ts";
import type { MeasuredTable } from "./measured.ts";

/** The JSON file that a run writes. */
export interface Results {
  /** When it began, in ISO 8601. */
  date: string;
  commit: string;
  machine: Machine;
  benches: BenchResult[];
}

export interface BenchResult {
  name: string;
  /** How long it took. */
  seconds: number;
  noise: Noise;
  tables: MeasuredTable[];
}
