import { whyNoPrivateSystemd } from "../../packages/testing/src/boot-private-systemd.ts";
import { isInstalled } from "../../scripts/lib/is-installed.ts";
import type { MeasuredTable } from "./measured.ts";

/** A version of Node that is measured. */
export interface MeasuredNode {
  major: string;
  binary: string;
}

/** The options of the command line. */
export interface Run {
  /** Rounds. Each measures everything once. */
  runs: number;
  nodes: readonly MeasuredNode[];
  /** Measures only the arms with this string in their name, and the arms that they are compared with. */
  only: string;
  /** The options of this bench only. */
  options: Readonly<Record<string, string | undefined>>;
}

/** A program, or what a private systemd needs: root and namespaces. */
type Need =
  | "caddy"
  | "haproxy"
  | "nginx"
  | "openssl"
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
  /** The default number of rounds, so the whole run takes 25 minutes. */
  runs: number;
  /** The default major versions of Node; the current Node if undefined. */
  nodes?: readonly string[];
  /** Its own options, each with a default. */
  options?: Readonly<Record<string, { type: "string"; default: string }>>;
  /** The requirements for the machine. */
  needs?: readonly Need[];
  /** For a specific question, and not a part of the whole run. */
  isExtra?: true;
  measure(run: Run): Promise<MeasuredTable[]>;
}

/** The number of an option, 1 or more. */
export function countOf(name: string, value: string | undefined): number {
  if (value !== undefined && /^[1-9]\d*$/.test(value)) return Number(value);
  throw wrongOption(`--${name} must be a number such as 30; got ${value}`);
}

/** An error like those of parseArgs() of node:util. */
export function wrongOption(message: string): Error {
  return Object.assign(new Error(message), { code: "ERR_PARSE_ARGS_INVALID_OPTION_VALUE" });
}
