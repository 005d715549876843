import { fork } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** A wait for a connection on any of these sockets, which does not accept it. */
export interface FirstConnection {
  /**
   * Fulfils with true when a connection waits, and with false after `cancel()`, or when the process that
   * waits was ended by others.
   */
  readonly came: Promise<boolean>;
  cancel(): void;
}

/**
 * Waits with the help of a separate process, programs/wait-for-connection.ts, because this process must not
 * poll the sockets.
 */
export function waitForConnection(fds: readonly number[]): FirstConnection {
  const child = fork(
    fileURLToPath(new URL("wait-for-connection.cjs", import.meta.url)),
    [String(fds.length)],
    {
      stdio: ["ignore", "ignore", "inherit", "ipc", ...fds],
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: undefined },
      // Ctrl-C is not for it.
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
