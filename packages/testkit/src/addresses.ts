import { once } from "node:events";
import { rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { ListenAddress } from "./activated-process.ts";
import { atEnd } from "./at-end.ts";

/** The kinds of address that a stream socket can have. */
export type AddressKind = "tcp4" | "tcp6" | "unix" | "abstract";

let count = 0;

/** An address of this kind that nothing uses: a port that the kernel has just given away, or a new name. For one test: what is at its path then goes. */
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

async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
