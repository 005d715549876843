import { setTimeout as delay } from "node:timers/promises";
import { execute, type Ended } from "./execute.ts";

/** The messages of systemctl when systemd closes the connection or does not accept one yet, as during `systemctl daemon-reexec`. */
const disconnected = /connection terminated|connection reset|connection refused/i;

/** Runs systemctl, whatever its exit status. A command that lost its connection runs again, so each must be one that may run twice. */
export async function runSystemctl(
  args: readonly string[],
  { user, signal }: { user: boolean; signal?: AbortSignal | undefined },
): Promise<Ended> {
  const command = [...(user ? ["--user"] : []), "--no-pager", "--no-ask-password", ...args];
  for (let attempt = 1; ; attempt += 1) {
    const ended = await execute("systemctl", command, { signal });
    if (ended.code === 0 || attempt === 30 || !disconnected.test(ended.stderr)) return ended;
    await delay(100, undefined, { signal });
  }
}
