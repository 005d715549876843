import fc from "fast-check";
import { openSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import {
  closeAll,
  freeAddress,
  portOf,
  rawEpoll,
  rawEventFd,
  rawPipe,
  rawSocket,
  rawSocketPair,
  startWithFds,
} from "@sockact/testkit";

const program = [process.execPath, fileURLToPath(new URL("programs/sockets.mjs", import.meta.url))];

/**
 * What a server, a udp4 and a udp6 socket get for the descriptor: `taken`, or their error. Null for those
 * that come after one that has taken it.
 */
type Codes = [server: string, udp4: string | null, udp6: string | null];

interface Kind {
  /** The descriptor, and other descriptors that must stay open for it. */
  make(): Promise<number[]> | number[];
  kind: string;
  codes: Codes;
}

const taken: Codes = ["taken", null, null];
const noStream: Codes = [
  "SOCKACT_ERR_SOCKET_UNSUPPORTED",
  "SOCKACT_ERR_SOCKET_STREAM",
  "SOCKACT_ERR_SOCKET_STREAM",
];
const unbound: Codes = [
  "SOCKACT_ERR_SOCKET_UNBOUND",
  "SOCKACT_ERR_SOCKET_STREAM",
  "SOCKACT_ERR_SOCKET_STREAM",
];

const kinds: Record<string, Kind> = {
  file: { make: () => [openSync(import.meta.filename, "r")], kind: "other", codes: noStream },
  device: { make: () => [openSync("/dev/null", "r+")], kind: "other", codes: noStream },
  pipe: { make: rawPipe, kind: "other", codes: noStream },
  eventfd: { make: () => [rawEventFd()], kind: "other", codes: noStream },
  "UDP 4": {
    make: () => [rawSocket("ipv4", "datagram", { bound: "127.0.0.1:0" })],
    kind: "datagram",
    codes: ["SOCKACT_ERR_SOCKET_DATAGRAM", "taken", null],
  },
  "UDP 6": {
    make: () => [rawSocket("ipv6", "datagram", { bound: "[::1]:0" })],
    kind: "datagram",
    codes: ["SOCKACT_ERR_SOCKET_DATAGRAM", "SOCKACT_ERR_SOCKET_FAMILY", "taken"],
  },
  "unix datagram": {
    make: () => rawSocketPair("datagram"),
    kind: "datagram",
    codes: [
      "SOCKACT_ERR_SOCKET_DATAGRAM",
      "SOCKACT_ERR_SOCKET_UNSUPPORTED",
      "SOCKACT_ERR_SOCKET_UNSUPPORTED",
    ],
  },
  seqpacket: { make: () => rawSocketPair("seqpacket"), kind: "other", codes: noStream },
  "seqpacket that listens": {
    make: async () => [
      rawSocket("unix", "seqpacket", { bound: await freeAddress("abstract"), listening: true }),
    ],
    kind: "other",
    codes: noStream,
  },
  netlink: { make: () => [rawSocket("netlink", "raw")], kind: "other", codes: noStream },
  "unix pair": { make: () => rawSocketPair(), kind: "connection", codes: taken },
  "TCP connection": {
    make: () => {
      const listener = rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true });
      return [rawSocket("ipv4", "stream", { connectedTo: `127.0.0.1:${portOf(listener)}` }), listener];
    },
    kind: "connection",
    codes: taken,
  },
  "TCP, not bound": { make: () => [rawSocket("ipv4", "stream")], kind: "unknown", codes: unbound },
  "TCP 6, not bound": { make: () => [rawSocket("ipv6", "stream")], kind: "unknown", codes: unbound },
  "unix, not bound": { make: () => [rawSocket("unix", "stream")], kind: "unknown", codes: unbound },
  // A listener of another network namespace looks like this.
  "TCP, bound": {
    make: () => [rawSocket("ipv4", "stream", { bound: "127.0.0.1:0" })],
    kind: "unknown",
    codes: taken,
  },
  "unix, bound": {
    make: async () => [rawSocket("unix", "stream", { bound: await freeAddress("abstract") })],
    kind: "unknown",
    codes: taken,
  },
  "TCP listener": {
    make: () => [rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true })],
    kind: "listener",
    codes: taken,
  },
  "TCP 6 listener": {
    make: () => [rawSocket("ipv6", "stream", { bound: "[::1]:0", listening: true })],
    kind: "listener",
    codes: taken,
  },
  "unix listener": {
    make: async () => [rawSocket("unix", "stream", { bound: await freeAddress("unix"), listening: true })],
    kind: "listener",
    codes: taken,
  },
  // Not every kernel has them.
  ...(hasVsock() && {
    vsock: { make: () => [rawSocket("vsock", "stream")], kind: "other", codes: noStream } satisfies Kind,
  }),
};

const noSocket = ["file", "device", "pipe", "eventfd"];

/**
 * systemd never passes an epoll instance. Node has opened this one, because nothing was passed under its
 * number.
 */
const absent = ["epoll", "closed"] as const;

const lists = fc.record({
  passed: fc.array(fc.constantFrom(...Object.keys(kinds)), { minLength: 1, maxLength: 16 }),
  // In most cases, every announced descriptor is open.
  end: fc.option(fc.constantFrom(...absent), { freq: 5 }),
});

test.concurrent.each([null, ...absent])(
  "each kind of descriptor is told right, and what can't serve is refused and left open; the list ends with %j",
  async (end) => {
    const [seen, meant] = await outcome(Object.keys(kinds), end);
    expect(seen).toEqual(meant);
  },
);

test("the same in 300 random lists of descriptors", { tags: "campaign" }, async () => {
  const sample = fc.sample(lists, { numRuns: 300, seed: 20_264 });
  const asked = { count: 0 };
  const wrong: object[] = [];
  const workers = Array.from({ length: 4 }, async () => {
    for (let next = asked.count++; next < sample.length; next = asked.count++) {
      const { passed, end } = sample[next] as (typeof sample)[number];
      const [seen, meant] = await outcome(passed, end);
      if (!isDeepStrictEqual(seen, meant)) wrong.push({ passed, end, seen, meant });
    }
  });
  await Promise.all(workers);
  expect(wrong).toEqual([]);
});

/** What the program prints about these descriptors, and what it should print. */
async function outcome(
  passed: readonly string[],
  end: (typeof absent)[number] | null,
): Promise<[seen: unknown, meant: unknown]> {
  const made = await Promise.all(passed.map(async (name) => (kinds[name] as Kind).make()));
  if (end === "epoll") made.push([rawEpoll()]);
  const fds = made.map(([fd]) => fd as number);
  const count = passed.length + (end === null ? 0 : 1);
  const names = Array.from({ length: count }, (_, index) => `n${index}`);
  try {
    const env = { LISTEN_FDS: String(count), DO: "all;exit" };
    await using app = startWithFds(fds, program, { names, env });
    const { results, refused } = await app.event<{ results?: unknown; refused?: { message: string } }>("all");
    if (end !== null) {
      const last = 3 + passed.length;
      return [
        refused?.message,
        `LISTEN_FDS announces ${count} file descriptors, but descriptor ${last} was not passed`,
      ];
    }
    // Files alone come from OpenFile=, and do not activate the process.
    const isActivated = passed.some((name) => !noSocket.includes(name));
    const meant = passed.map((name) => {
      const { kind, codes } = kinds[name] as Kind;
      return {
        kind,
        codes: isActivated ? codes : codes.map(() => "SOCKACT_ERR_NOT_ACTIVATED"),
        isOpen: true,
      };
    });
    return [results, meant];
  } finally {
    closeAll(made.flat());
  }
}

function hasVsock(): boolean {
  try {
    closeAll([rawSocket("vsock", "stream")]);
    return true;
  } catch {
    return false;
  }
}
