import type { Figure } from "./measured.ts";

/** The figures of a start. The CPU time is that of all threads of the process. */
export const START_FIGURES: Figure[] = [
  { name: "first byte", unit: "ms", better: "lower" },
  { name: "CPU", unit: "ms", better: "lower" },
];
