import { spawnSync } from "node:child_process";

/**
 * The path of a setpriv(1) that has `--pdeathsig`, or empty if there is none. A whole path, since a program
 * may have another PATH.
 */
const setpriv = spawnSync("sh", ["-c", "setpriv --pdeathsig=KILL true && command -v setpriv"], {
  encoding: "utf8",
}).stdout.trim();

/**
 * The command that runs `command`, in the same process, so that the kernel kills it when this process dies.
 * The test runner ends a worker by a signal when a test in it has timed out: no `exit` event is emitted then.
 */
export function endingWithParent(command: readonly string[]): readonly string[] {
  return setpriv === "" ? command : [setpriv, "--pdeathsig=KILL", "--", ...command];
}
