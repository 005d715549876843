import process from "node:process";
import { freeAddress } from "../../packages/testing/src/addresses.ts";
import { startProcess } from "../../packages/testing/src/app-process.ts";
import { cpuTimeOf } from "./cpu-time.ts";
import { clientProgram, firstBytes } from "./first-byte.ts";

/** An app that a connection starts. */
export interface ActivatedApp {
  name: string;
  program: string;
  /** Options of Node. */
  options?: readonly string[] | undefined;
}

/** Something that starts apps. */
export interface Activator extends AsyncDisposable {
  /** Starts an app by a connection, and stops it again. The figures are in milliseconds. */
  measure(app: ActivatedApp): Promise<Record<string, number>>;
}

/**
 * Starts apps by systemd-socket-activate(1).
 *
 * It waits for the connection, and then executes the app without a fork and without a shell. The time from
 * the connection to the first byte is almost only the app's. The CPU time, of all threads of the process, is
 * the figure that other processes disturb least.
 */
export function socketActivator(node: string): Activator {
  const client = startProcess([process.execPath, clientProgram]);
  return {
    async measure({ program, options = [] }) {
      const address = await freeAddress("tcp4");
      await using app = startProcess([
        "systemd-socket-activate",
        "--fdname=http",
        `--listen=${address}`,
        "--",
        node,
        ...options,
        program,
      ]);
      await app.line(/^Listening on /);
      const before = cpuTimeOf(app.pid);
      const [time] = await firstBytes(client, [Number(address.split(":")[1])]);
      return { "first byte": time!, CPU: cpuTimeOf(app.pid) - before };
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
