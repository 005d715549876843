import { fork } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** A wait for a connection on any of these sockets, without accepting it. */
export interface FirstConnection {
  /**
   * Resolves with true when there is a connection, and with false after `cancel()` or if the waiting process
   * was killed.
   */
  readonly came: Promise<boolean>;
  cancel(): void;
}

/**
 * Waits in a separate process, programs/wait-for-connection.ts, because this process must not poll the
 * sockets.
 */
export function waitForConnection(fds: readonly number[]): FirstConnection {
  const child = fork(
    fileURLToPath(new URL("wait-for-connection.cjs", import.meta.url)),
    [String(fds.length)],
    {
      stdio: ["ignore", "ignore", "inherit", "ipc", ...fds],
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: undefined },
      // Not affected by Ctrl-C.
      detached: true,
    },
  );
  return {
    came: new Promise((resolve) => {
      child.on("error", () => resolve(false));
      child.on("exit", (code) => resolve(code === 0));
    }),
    cancel: () => void child.kill("SIGKILL"),
  };
}
