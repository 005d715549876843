import type { ChildProcess } from "node:child_process";
import process from "node:process";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Waits for a program. If a signal ends this process first, `how` ends the program, and `process.exitCode` is
 * set.
 */
export async function finished(
  child: ChildProcess,
  how: NodeJS.Signals = "SIGTERM",
): Promise<{ status: number; stdout: string; stderr: string }> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  const interrupt = (): void => {
    process.exitCode = 1;
    child.kill(how);
  };
  for (const signal of signals) process.on(signal, interrupt);
  try {
    const status = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve(code ?? 1));
    });
    return { status, stdout, stderr };
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}
