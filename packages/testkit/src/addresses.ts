import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { ListenAddress } from "./activated-process.ts";
import { atEnd } from "./at-end.ts";

/** The kinds of address that a stream socket can have. */
export type AddressKind = "tcp4" | "tcp6" | "unix" | "abstract";

let count = 0;

/** A free address of this kind: a port, or a new name. It is for one test, at whose end its path is removed. */
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

/** Below 32768, where the kernel begins to assign ports itself: it could assign this port to another test before this one uses it. */
async function freePort(host: string): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    const server = createServer();
    try {
      await once(server.listen(port, host), "listening");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") continue;
      throw error;
    }
    server.close();
    await once(server, "close");
    return port;
  }
}
