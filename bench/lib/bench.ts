import type { MeasuredTable } from "./measured.ts";

/** A version of Node that is measured. */
export interface MeasuredNode {
  major: string;
  binary: string;
}

/** What the command line asks for. */
export interface Run {
  /** Rounds, in each of which everything is measured once. */
  runs: number;
  nodes: readonly MeasuredNode[];
  /** Measures only the arms that have this string in their name, and those that they are compared with. */
  only: string;
  /** The options that only this bench has. */
  options: Readonly<Record<string, string | undefined>>;
}

/** Each file of the folder benches exports one as `bench`. */
export interface Bench {
  /** The rounds by default: as many as the whole run of 25 minutes has time for. */
  runs: number;
  /** The major versions of Node by default. Without it, the Node in use. */
  nodes?: readonly string[];
  /** Options of its own, each with a default. */
  options?: Readonly<Record<string, { type: "string"; default: string }>>;
  /** It answers a question of ours, and is not a part of the whole run. */
  isExtra?: true;
  measure(run: Run): Promise<MeasuredTable[]>;
}

/** A number of 1 or more in an option. */
export function countOf(name: string, value: string | undefined): number {
  if (value !== undefined && /^[1-9]\d*$/.test(value)) return Number(value);
  throw Object.assign(new Error(`--${name} must be a number such as 30; got ${value}`), {
    code: "ERR_PARSE_ARGS_INVALID_OPTION_VALUE",
  });
}
