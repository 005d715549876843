import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { startWithFds } from "../../packages/testing/src/activated-process.ts";
import type { AppProcess } from "../../packages/testing/src/app-process.ts";
import { closeAll, portOf, rawSocket } from "../../packages/testing/src/raw-sockets.ts";

/** Each time on a new connection, or on one that stays open. */
export type Way = "connection" | "request";

/** An app with a passed socket, and its one client. */
export interface AskedApp extends AsyncDisposable {
  readonly process: AppProcess;
  /** Sends this number of requests, one after the other, so the app does the same work in each run. */
  ask(amount: number, way: Way): Promise<void>;
}

/** Starts an app with a socket. The first connection may come before the app accepts it. */
export function startAsked(command: readonly string[], env: Record<string, string> = {}): AskedApp {
  const fd = rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true });
  const port = portOf(fd);
  const app = startWithFds([fd], command, { env });
  closeAll([fd]);
  return {
    process: app,
    async ask(amount, way) {
      if (way === "request") await overConnection(port, amount, "keep-alive");
      else for (let left = amount; left > 0; left--) await overConnection(port, 1, "close");
    },
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

async function overConnection(port: number, amount: number, connection: string): Promise<void> {
  const client = connect({ port, host: "127.0.0.1", noDelay: true }).setEncoding("latin1");
  const closed = once(client, "close");
  closed.catch(() => {});
  try {
    for (let left = amount; left > 0; left--) {
      client.write(`GET / HTTP/1.1\r\nHost: localhost\r\nConnection: ${connection}\r\n\r\n`);
      await answer(client);
    }
    if (connection === "close") await closed;
  } finally {
    client.destroy();
  }
}

/** Resolves when a whole answer has arrived. */
async function answer(client: Socket): Promise<void> {
  let text = "";
  while (!isWhole(text)) text += String((await once(client, "data"))[0]);
  if (!text.startsWith("HTTP/1.1 200 ")) throw new Error(`The app answered ${text}`);
}

function isWhole(text: string): boolean {
  const [head = "", body] = text.split("\r\n\r\n");
  return body !== undefined && body.length >= Number(/^content-length: (\d+)$/im.exec(head)?.[1]);
}
