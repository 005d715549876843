import { spawnSync } from "node:child_process";

/** The path of a setpriv(1) that knows `--pdeathsig`; empty where there is none. A program may be started with another PATH. */
const setpriv = spawnSync("sh", ["-c", "setpriv --pdeathsig=KILL true && command -v setpriv"], {
  encoding: "utf8",
}).stdout.trim();

/**
 * The command that runs `command`, in the same process, so that the kernel kills it when this process dies. The test runner ends a worker by a
 * signal when a test in it has timed out: no `exit` event is emitted then.
 */
export function endingWithParent(command: readonly string[]): readonly string[] {
  return setpriv === "" ? command : [setpriv, "--pdeathsig=KILL", "--", ...command];
}
