import { bytesOf, wholeOf } from "../systemd/amounts.ts";
import { timeSpanOf } from "../systemd/time-spans.ts";

/** The smallest value of a directive that works with Node. */
interface SmallestValue {
  /** The amount in a value: a number, bytes, or milliseconds. */
  read: (text: string) => number | undefined;
  least: number;
  /** The smallest value if an option or variable reduces Node's thread pools. */
  leastWithSmallPools?: number;
  /** Whether it only affects services that send notifications. */
  ofNotify?: boolean;
  /** What Node needs, as a sentence. */
  why: string;
  /** A value that works. */
  instead: string;
  /** The directive that limits what is probably intended. */
  better?: string;
}

const mebibytes = 2 ** 20;

const memory = {
  read: (text: string) => {
    const bytes = bytesOf(text);
    // The rule memory-tiny reports a number without a unit.
    return bytes !== undefined && bytes < mebibytes && /^\d+$/.test(text) ? undefined : bytes;
  },
  least: 20 * mebibytes,
  why: "Node needs about 20 MiB to start, and about 45 MiB with a small server",
  instead: "512M",
};

const threads = {
  read: wholeOf,
  least: 10,
  leastWithSmallPools: 4,
  why: "each thread is a task, and Node has about a dozen threads",
  instead: "64",
};

/** 0 means no limit. */
const span = (text: string): number | undefined => timeSpanOf(text) || undefined;

/**
 * The smallest values with which a Node server starts, measured on Linux x64 with servers of a few lines.
 *
 * The directives are in systemd.exec(5) (Limit…), systemd.resource-control(5) (memory and tasks), and
 * systemd.service(5) (times).
 */
const smallestValues: Readonly<Record<string, SmallestValue>> = {
  // An empty server on Node 20 uses 764 MiB of address space, and aborts with 700 MB. Node 26 needs 2 GiB,
  // but a unit does not show the version. The WebAssembly of fetch() in Node 20 needs 12 GB.
  LimitAS: {
    read: bytesOf,
    least: 764 * mebibytes,
    why: "V8 reserves gigabytes of address space, of which it uses little",
    instead: "infinity",
    better: "MemoryMax",
  },
  // Node 20 crashes with 50 MB and starts with 100 MB.
  LimitDATA: {
    read: bytesOf,
    least: 50 * mebibytes,
    why: "Node uses more data when it starts",
    instead: "infinity",
    better: "MemoryMax",
  },
  // With an ES module, Node 20 fails with 18 files and starts with 20.
  LimitNOFILE: {
    read: wholeOf,
    least: 20,
    why: "Node needs more files to start",
    instead: "1024:524288",
  },
  // Node 20 aborts with 10 tasks, and runs with 11. Node 26 runs with 10. It has 4 threads with
  // --v8-pool-size=0.
  TasksMax: threads,
  LimitNPROC: threads,
  // Node 20 is killed with 16 MiB, and starts with 20 MiB. Without a limit, a small server uses 42 MiB.
  MemoryMax: memory,
  MemoryHigh: memory,
  // A server of a few lines needs 0.35 seconds of processor time.
  TimeoutStartSec: {
    read: span,
    least: 500,
    ofNotify: true,
    why: "Node needs a few tenths of a second to start, and more if the processor is busy",
    instead: "30s",
  },
  WatchdogSec: {
    read: span,
    least: 500,
    ofNotify: true,
    why: "the work of a request, or a busy processor, delays a ping for longer",
    instead: "30s",
  },
};

/** What these checks need to know about a service. */
interface NodeFacts {
  notifies: boolean;
  /** The known words of the command line and variables. */
  options: readonly string[];
}

/** The values that are too small for Node. `valueOf` returns the value of a directive. */
export function tooSmall<Value extends { text: string }>(
  valueOf: (key: string) => Value | undefined,
  { notifies, options }: NodeFacts,
): { key: string; value: Value; why: string; instead: string; better: string | undefined }[] {
  const hasSmallPools = options.some((option) => /--v8-pool-size\b|\bUV_THREADPOOL_SIZE\b/.test(option));
  return Object.entries(smallestValues).flatMap(([key, limit]) => {
    const { read, least, leastWithSmallPools = least, ofNotify = false, why, instead, better } = limit;
    const value = ofNotify && !notifies ? undefined : valueOf(key);
    // The first of two limits is the soft one, which applies.
    const amount = value === undefined ? undefined : read(value.text.replace(/:.*/s, ""));
    return value === undefined ||
      amount === undefined ||
      amount >= (hasSmallPools ? leastWithSmallPools : least)
      ? []
      : [{ key, value, why, instead, better }];
  });
}
