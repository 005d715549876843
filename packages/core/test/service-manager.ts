import { mkdtempSync, read, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { atEnd, closeAll, rawSocket } from "@sockact/testkit";

/** A socket as a service manager has it. */
export interface ServiceManager {
  NOTIFY_SOCKET: string;
  /**
   * Another descriptor that leads to the socket, as that of `OpenFile=`. A process that is passed it starts
   * no other program to send a message.
   */
  connect: () => number;
  /** The next message. */
  message: () => Promise<string>;
}

export function serviceManager(): ServiceManager {
  const folder = mkdtempSync(join(tmpdir(), "sockact-manager-"));
  const NOTIFY_SOCKET = join(folder, "notify");
  const fds = [rawSocket("unix", "datagram", { bound: NOTIFY_SOCKET })];
  atEnd(() => {
    closeAll(fds);
    rmSync(folder, { recursive: true });
  });
  return {
    NOTIFY_SOCKET,
    connect() {
      const fd = rawSocket("unix", "datagram", { connectedTo: NOTIFY_SOCKET });
      fds.push(fd);
      return fd;
    },
    async message() {
      const { bytesRead, buffer } = await promisify(read)(
        fds[0] as number,
        Buffer.alloc(5000),
        0,
        5000,
        null,
      );
      return buffer.toString("utf8", 0, bytesRead);
    },
  };
}
