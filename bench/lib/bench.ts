import { whyNoPrivateSystemd } from "../../packages/testkit/src/boot-private-systemd.ts";
import { isInstalled } from "../../scripts/lib/is-installed.ts";
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

/** A program, or what a private systemd needs: root and namespaces. */
type Need =
  | "haproxy"
  | "private systemd"
  | "systemd-socket-activate"
  | "taskset"
  | "unshare"
  | "valgrind"
  | "vgdb";

/** Why a bench can't run on this machine; `undefined` if it can. */
export function whyNot({ needs = [] }: Pick<Bench, "needs">): string | undefined {
  const reasons = needs.map((need) =>
    need === "private systemd"
      ? whyNoPrivateSystemd()
      : isInstalled(need)
        ? undefined
        : `it needs ${need}, which is not installed`,
  );
  return reasons.find((reason) => reason !== undefined);
}

/** Each file of the folder benches exports one as `bench`. */
export interface Bench {
  /** The rounds by default: as many as the whole run of 25 minutes has time for. */
  runs: number;
  /** The major versions of Node by default. Without it, the Node in use. */
  nodes?: readonly string[];
  /** Options of its own, each with a default. */
  options?: Readonly<Record<string, { type: "string"; default: string }>>;
  /** What the machine must have. */
  needs?: readonly Need[];
  /** It answers a question of ours, and is not a part of the whole run. */
  isExtra?: true;
  measure(run: Run): Promise<MeasuredTable[]>;
}

/** A number of 1 or more in an option. */
export function countOf(name: string, value: string | undefined): number {
  if (value !== undefined && /^[1-9]\d*$/.test(value)) return Number(value);
  throw wrongOption(`--${name} must be a number such as 30; got ${value}`);
}

/** An error as those of parseArgs() of node:util. */
export function wrongOption(message: string): Error {
  return Object.assign(new Error(message), { code: "ERR_PARSE_ARGS_INVALID_OPTION_VALUE" });
}
