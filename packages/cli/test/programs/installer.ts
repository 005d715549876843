// Installs or uninstalls as the command line does, and can be made to fail, to be interrupted or to be killed
// anywhere. Prints each step, then how it ended, a JSON a line. It is bundled by the test, since Node 20
// reads no TypeScript.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import process from "node:process";
import {
  applyInstall,
  applyUninstall,
  type InstallPlan,
  prepareInstall,
  prepareUninstall,
} from "../../src/lib/install/install.ts";
import { CliError } from "../../src/lib/shared/cli-error.ts";

/** What the test asks for. */
export interface InstallerOptions {
  plan: InstallPlan;
  uninstall?: boolean;
  force?: boolean;
  purge?: boolean;
  /** Only prepares, and prints that. */
  prepareOnly?: boolean;
  /**
   * After which step it ends itself, is interrupted, or waits for a line on standard input: its number, from
   * 0, or its type.
   */
  killAt?: number | string;
  abortAt?: number | string;
  pauseAt?: number | string;
  /** Whether it waits for a line before the last check. */
  pauseInCheck?: boolean;
  /** The last check says this. */
  verifyError?: string;
  /** Before which change of the file system, counted from 0, it ends itself. */
  killBeforeChange?: number;
}

const options = JSON.parse(process.argv[2]!) as InstallerOptions;
const say = (line: unknown) => fs.writeSync(1, `${JSON.stringify(line)}\n`);
const kill = () => process.kill(process.pid, "SIGKILL");
const controller = new AbortController();
process.on("SIGTERM", () => controller.abort("SIGTERM"));

let changes = 0;
/** Ends the process at one of the calls that change a file or a folder. */
function killBefore<
  Name extends "linkSync" | "mkdirSync" | "renameSync" | "rmdirSync" | "unlinkSync" | "writeSync",
>(name: Name): void {
  const original = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name](...args: unknown[]) {
      // Only what it prints is on standard output.
      if (args[0] !== 1 && changes++ === options.killBeforeChange) kill();
      return original(...args);
    },
  });
}
for (const name of ["linkSync", "mkdirSync", "renameSync", "rmdirSync", "unlinkSync", "writeSync"] as const)
  killBefore(name);
syncBuiltinESMExports();

function waitForLine(): void {
  for (;;) {
    try {
      fs.readSync(0, Buffer.alloc(1));
      return;
    } catch (error) {
      // The pipe does not block.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

let steps = 0;
function onStep(step: { type: string }): void {
  say(step);
  const at = steps++;
  const is = (point: number | string | undefined): boolean => point === at || point === step.type;
  if (is(options.killAt)) kill();
  if (is(options.abortAt)) controller.abort("SIGINT");
  if (is(options.pauseAt)) {
    say({ type: "paused" });
    waitForLine();
  }
}

async function main(): Promise<unknown> {
  const { plan, force = false, purge = false, prepareOnly, verifyError } = options;
  const { signal } = controller;
  if (options.uninstall) {
    const prepared = await prepareUninstall(plan, plan.name, purge);
    return prepareOnly ? prepared : applyUninstall(prepared, { onStep, signal });
  }
  const prepared = await prepareInstall(plan, force);
  if (prepareOnly) return prepared;
  const verify = async () => {
    if (options.pauseInCheck) {
      say({ type: "paused" });
      waitForLine();
    }
    if (verifyError !== undefined) throw new Error(verifyError);
  };
  return applyInstall(prepared, { start: true, onStep, signal, verify });
}

try {
  say({ result: await main(), changes });
} catch (error) {
  const { code, message, hint, exitCode } = error as CliError;
  say({ error: { code, message, hint, exitCode } });
}
process.exit(0);
