import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";

/** Starts a command in the namespaces of a process. `kill()` signals the command. */
export function spawnInside(
  pid: number,
  namespaces: readonly string[],
  command: readonly string[],
  {
    env,
    cwd,
    stdio,
  }: { env: Record<string, string>; cwd?: string | undefined; stdio?: StdioOptions | undefined },
): ChildProcess {
  const child = spawn(
    "nsenter",
    // nsenter waits outside for the command inside. The command must end with nsenter.
    ["--target", String(pid), ...namespaces, "--", "setpriv", "--pdeathsig=KILL"].concat(
      ["env", "--chdir", cwd ?? "/"],
      command,
    ),
    // A signal to our process group must not end nsenter, because it has to reap the command.
    { env, stdio: stdio ?? "pipe", detached: true },
  );
  child.kill = (signal) => signalInside(child, signal);
  return child;
}

/**
 * Signals the command that nsenter waits for. If nsenter ended first, the host would have to reap the
 * command, and the namespaces could not end until then.
 */
function signalInside(nsenter: ChildProcess, signal?: NodeJS.Signals | number): boolean {
  const { pid } = nsenter;
  if (pid === undefined || nsenter.exitCode !== null || nsenter.signalCode !== null) return false;
  try {
    const inside = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return process.kill(inside === "" ? pid : Number(inside), signal);
  } catch {
    // The process has already ended.
    return false;
  }
}
