// How long a message to the service manager takes, READY=1 and a watchdog ping, in each way that
// @sockact/notify has.
//
// npm run bench -- notify [--runs N] [--node 20,26] [--only TEXT] [--out FILE]
//
// A real unix datagram socket receives the messages. "until sent" is the time until the promise is fulfilled.
// All of it blocks the event loop, but for systemd-notify, which is a program. The CPU time is that of the
// app, without that program. Each figure of a round is the median of many messages, and each message waits
// until the one before has arrived. The bench measures the built package, but for "ffi": Node warns of
// node:ffi, so the package does not use it yet.
import { execFileSync } from "node:child_process";
import { read, writeSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startWithFds } from "../../packages/testing/src/activated-process.ts";
import { startProcess } from "../../packages/testing/src/app-process.ts";
import { closeAll, rawSocket } from "../../packages/testing/src/raw-sockets.ts";
import { missingText, whatIsMissing } from "../../packages/testkit/src/requires.ts";
import type { Bench, MeasuredNode } from "../lib/bench.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import type { Figure, Goal, MeasuredTable } from "../lib/measured.ts";
import { temporaryFolder } from "../lib/temporary-folder.ts";

const MESSAGES = ["READY=1", "WATCHDOG=1"];
const END = "END=1";

interface Way {
  name: string;
  /** How many messages a round has. */
  count: number;
  /** Runs in the process, without another program. */
  isInProcess: boolean;
  /** Why this machine can't measure it. */
  missing(node: MeasuredNode): string | undefined;
}

const ways: Way[] = [
  { name: "descriptor", count: 200, isInProcess: true, missing: () => undefined },
  {
    name: "ffi",
    count: 200,
    isInProcess: true,
    missing({ binary }) {
      const has = "process.getBuiltinModule?.('node:ffi') !== undefined";
      const found = execFileSync(binary, ["--no-warnings", "--print", has], { encoding: "utf8" });
      return found.trim() === "true" ? undefined : "this Node has no node:ffi, which Node 26 has";
    },
  },
  {
    name: "systemd-notify",
    count: 20,
    isInProcess: false,
    missing() {
      const missing = whatIsMissing({ commands: ["systemd-notify"] });
      return missing && `it needs ${missingText(missing)}`;
    },
  },
];

const figures: Figure[] = ["until sent", "CPU"].map((name) => ({
  name,
  unit: "ms",
  better: "lower",
}));

const program = fileURLToPath(new URL("../programs/notify.mjs", import.meta.url));

/** Sends the messages of one round to a socket at this path. */
async function measure(
  node: string,
  { name, count }: Way,
  message: string,
  path: string,
): Promise<Record<string, number>> {
  const manager = rawSocket("unix", "datagram", { bound: path });
  const passed = rawSocket("unix", "datagram", { connectedTo: path });
  const way = name === "ffi" ? "ffi" : "notify";
  const command = [node, "--no-warnings", program, way, message, String(count)];
  const env = { NOTIFY_SOCKET: path };
  await using app =
    name === "descriptor"
      ? startWithFds([passed], command, { names: ["notify"], env })
      : startProcess(command, { env });
  const endReading = (): number => writeSync(passed, END);
  // A process doesn't exit during a read().
  process.once("exit", endReading);
  try {
    void app.ended.then(endReading);
    let received = 0;
    for (let text = ""; text !== END; text = await nextMessage(manager)) {
      // systemd-notify sends more, to find out when its message has been read.
      if (text !== message) continue;
      received++;
      app.write("received");
    }
    if (received !== count) throw new Error(`${received} of ${count} messages arrived:\n${app.stderr}`);
    return (await app.event<{ figures: Record<string, number> }>("done")).figures;
  } finally {
    process.off("exit", endReading);
    closeAll([manager, passed]);
  }
}

async function nextMessage(manager: number): Promise<string> {
  const { bytesRead, buffer } = await promisify(read)(manager, Buffer.alloc(5000), 0, 5000, null);
  return buffer.toString("utf8", 0, bytesRead);
}

export const bench: Bench = {
  runs: 5,
  nodes: ["20", "26"],
  async measure({ runs, nodes, only }) {
    const folder = temporaryFolder();
    const tables: MeasuredTable[] = [];
    for (const node of nodes) {
      const title = `Messages to the service manager on Node ${node.major}`;
      const here = ways.filter((way) => {
        const missing = way.missing(node);
        if (missing !== undefined) console.error(`${title}: without ${way.name}, because ${missing}.`);
        return missing === undefined;
      });
      const planned = here.flatMap((way) =>
        MESSAGES.map((message) => ({
          way,
          message,
          name: `${message} by ${way.name}`,
          against: `${message} by ${way.name}`,
        })),
      );
      const goals = planned
        .filter(({ way }) => way.isInProcess)
        .map(({ name }): Goal => ({ arm: name, figure: "until sent", of: "value", atMost: 0.05 }));
      const arms = armsNamed(planned, only).map(({ name, against, way, message }): Arm => ({
        name,
        against,
        measure: () => measure(node.binary, way, message, join(folder, "notify")),
      }));
      tables.push(await compare({ title, figures, goals }, arms, runs));
    }
    return tables;
  },
};
