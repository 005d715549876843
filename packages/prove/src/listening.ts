import type { PrivateSystemd } from "@sockact/testing";

/** A socket that listens: its address as proc_net(5) writes it, and its inode. */
export interface Listening {
  readonly address: string;
  /** Of TCP. */
  readonly port?: number | undefined;
  readonly inode: string;
}

/** The sockets of TCP, UDP and unix sockets that listen. Not every machine has ss(8). */
export async function listening(systemd: PrivateSystemd): Promise<Listening[]> {
  const read = async (...names: string[]): Promise<string[][]> => {
    const files = names.map((name) => `/proc/net/${name}`);
    // Without IPv6, two of them do not exist.
    const { stdout } = await systemd.run(["cat", ...files]);
    return stdout.split("\n").map((line) => line.trim().split(/\s+/));
  };
  const [tcp, udp, unix] = await Promise.all([read("tcp", "tcp6"), read("udp", "udp6"), read("unix")]);
  const isIn = (state: string) => (row: readonly string[]) => row[3] === state;
  return [
    ...tcp.filter(isIn("0A")).map(([, address = "", , , , , , , , inode = ""]) => {
      return { address, port: Number.parseInt(address.split(":")[1] ?? "", 16), inode };
    }),
    ...udp.filter(isIn("07")).map(([, address = "", , , , , , , , inode = ""]) => ({ address, inode })),
    ...unix.filter(isIn("00010000")).map(([, , , , , , inode = "", address = ""]) => ({ address, inode })),
  ];
}

/** The inodes of the sockets that processes have. */
export async function socketsOf(systemd: PrivateSystemd, pids: readonly number[]): Promise<Set<string>> {
  const { stdout } = await systemd.run(["ls", "-l", ...pids.map((pid) => `/proc/${pid}/fd`)]);
  return new Set(Array.from(stdout.matchAll(/ socket:\[(\d+)\]$/gm), ([, inode = ""]) => inode));
}
