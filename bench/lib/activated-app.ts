import { startWithFds } from "../../packages/testing/src/activated-process.ts";
import type { AppProcess } from "../../packages/testing/src/app-process.ts";
import { httpRequest } from "../../packages/testing/src/http-request.ts";
import { closeAll, portOf, rawSocket } from "../../packages/testing/src/raw-sockets.ts";

/** sockact does some of its work after the first response. */
const REQUESTS = 20;

/**
 * Starts an app with a socket of 127.0.0.1. It has answered a few requests before the action begins, and ends
 * with the action.
 */
export async function withApp<T>(
  command: string[],
  action: (app: AppProcess, port: number) => Promise<T>,
): Promise<T> {
  const fd = rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true });
  try {
    await using app = startWithFds([fd], command, { names: ["http"] });
    const port = portOf(fd);
    for (let sent = 0; sent < REQUESTS; sent++) {
      const { status } = await httpRequest(`127.0.0.1:${port}`);
      if (status !== 200) throw new Error(`The app answered ${status}`);
    }
    return await action(app, port);
  } finally {
    closeAll([fd]);
  }
}
