import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { atEnd } from "./at-end.ts";
import { closeAll, type ListenAddress, rawSocket } from "./raw-sockets.ts";

/** The kinds of address that a stream socket can have. */
export type AddressKind = "tcp4" | "tcp6" | "unix" | "abstract";

let count = 0;

/** A free address of this kind: a port, or a new name. Its path is removed when the test ends. */
export async function freeAddress(kind: AddressKind): Promise<ListenAddress> {
  const name = `sockact-test-${process.pid}-${++count}`;
  switch (kind) {
    case "tcp4":
      return `127.0.0.1:${await freePort("127.0.0.1")}`;
    case "tcp6":
      return `[::1]:${await freePort("::1")}`;
    case "abstract":
      return `@${name}`;
    case "unix": {
      const path = join(tmpdir(), `${name}.sock`);
      atEnd(() => rmSync(path, { force: true }));
      return path;
    }
  }
}

/**
 * A port below 32768. The kernel assigns ports from 32768 on, perhaps to another test before this one uses
 * the port. An abstract socket with the number in its name reserves the port on this machine until the test
 * ends.
 */
async function freePort(host: string): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    let reservation: number;
    try {
      reservation = rawSocket("unix", "stream", { bound: `@sockact-test-port-${port}` });
    } catch (error) {
      // EADDRINUSE: another test has the port.
      if ((error as Error).message.endsWith("errno 98")) continue;
      throw error;
    }
    const server = createServer();
    try {
      await once(server.listen(port, host), "listening");
    } catch (error) {
      closeAll([reservation]);
      if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") continue;
      throw error;
    }
    atEnd(() => closeAll([reservation]));
    server.close();
    await once(server, "close");
    return port;
  }
}
