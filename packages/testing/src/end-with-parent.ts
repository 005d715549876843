import { spawnSync } from "node:child_process";

/**
 * The path of a setpriv(1) that supports `--pdeathsig`, or empty. An absolute path, because a program may
 * have another PATH.
 */
const { stdout } = spawnSync("sh", ["-c", "setpriv --pdeathsig=KILL true && command -v setpriv"], {
  encoding: "utf8",
});
// Without a shell on the PATH, there is no output.
const setpriv = stdout?.trim() ?? "";

/**
 * Wraps `command`: it runs in the same process, and the kernel kills it when this process dies. When a test
 * has timed out, the test runner ends its worker by a signal, without an `exit` event.
 */
export function endingWithParent(command: readonly string[]): readonly string[] {
  return setpriv === "" ? command : [setpriv, "--pdeathsig=KILL", "--", ...command];
}
