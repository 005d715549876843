import process from "node:process";
import { parseArgs } from "node:util";
import { nodeBinary } from "../../scripts/lib/node-binary.ts";
import { type Comparison, printComparison } from "./compare.ts";

/** The options of each bench that compares: `--runs N`, `--node 20,26`, `--only TEXT`, `--json`, and the flags of one bench. */
export interface CompareOptions {
  runs: number;
  /** The Node binary of each major version. By default that is the Node in use, and 26. */
  nodes: { major: string; binary: string }[];
  /** Measures only what has this string in its name. */
  only: string;
  isJson: boolean;
  flags: ReadonlySet<string>;
}

const own = String(process.versions.node.split(".")[0]);

export function readCompareOptions({ flags = [] }: { flags?: string[] } = {}): CompareOptions {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "30" },
      node: { type: "string", default: [...new Set([own, "26"])].join(",") },
      only: { type: "string", default: "" },
      json: { type: "boolean", default: false },
      ...Object.fromEntries(flags.map((flag) => [flag, { type: "boolean" as const, default: false }])),
    },
  });
  const given = values as typeof values & Record<string, unknown>;
  if (!/^[1-9]\d*$/.test(values.runs))
    throw Object.assign(new Error(`--runs must be a number such as 30; got ${values.runs}`), {
      code: "ERR_PARSE_ARGS_INVALID_OPTION_VALUE",
    });
  return {
    runs: Number(values.runs),
    nodes: values.node.split(",").map((major) => ({
      major,
      binary: major === own ? process.execPath : nodeBinary(major),
    })),
    only: values.only,
    isJson: values.json,
    flags: new Set(flags.filter((flag) => given[flag] === true)),
  };
}

/** Prints comparisons as tables, or as one JSON array. */
export function report(comparisons: readonly Comparison[], isJson: boolean): void {
  if (isJson) console.log(JSON.stringify(comparisons, undefined, 2));
  else for (const comparison of comparisons) printComparison(comparison);
}
