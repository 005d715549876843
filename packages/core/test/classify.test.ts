import { openSync, readSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import {
  type AppProcess,
  closeAll,
  describeWith,
  freeAddress,
  portOf,
  rawPipe,
  rawSocket,
  rawSocketPair,
  startWithFds,
} from "@sockact/testkit";

const program = [process.execPath, fileURLToPath(new URL("programs/classify.mjs", import.meta.url))];

interface Asked {
  sockets?: { fd: number; name: string; kind: string; family: string; address: string | null }[];
  error?: { code: string; message: string; hint: string };
  again: Omit<Asked, "again">;
  variables: string[];
}

async function ask(app: AppProcess): Promise<Asked> {
  await using running = app;
  const asked = await running.event<Asked>("asked");
  expect(running.stderr).toBe("");
  return asked;
}

const opened: number[] = [];
const keep = <T extends number | number[]>(fds: T): T => {
  opened.push(...[fds].flat());
  return fds;
};
afterAll(() => closeAll(opened));

test("each socket has its kind, family and address", async () => {
  const unix = await freeAddress("unix");
  const abstract = await freeAddress("abstract");
  const tcp = keep(rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true }));
  const connectedTo = `127.0.0.1:${portOf(tcp)}`;
  const tcp6 = keep(rawSocket("ipv6", "stream", { bound: "[::1]:0", listening: true }));
  const any6 = keep(rawSocket("ipv6", "stream", { bound: "[::]:0", listening: true }));
  const bound = keep(rawSocket("ipv4", "stream", { bound: "127.0.0.1:0" }));
  const udp = keep(rawSocket("ipv4", "datagram", { bound: "127.0.0.1:0" }));
  const udp6 = keep(rawSocket("ipv6", "datagram", { bound: "[::1]:0" }));
  const connected = keep(rawSocket("ipv4", "stream", { connectedTo }));

  const kinds: [name: string, fd: number, kind: string, family: string, address: unknown][] = [
    ["tcp", tcp, "listener", "ipv4", connectedTo],
    ["tcp6", tcp6, "listener", "ipv6", `[::1]:${portOf(tcp6)}`],
    ["any6", any6, "listener", "ipv6", `[::]:${portOf(any6)}`],
    ["unix", keep(rawSocket("unix", "stream", { bound: unix, listening: true })), "listener", "unix", unix],
    [
      "abstract",
      keep(rawSocket("unix", "stream", { bound: abstract, listening: true })),
      "listener",
      "unix",
      abstract,
    ],
    ["connected", connected, "connection", "ipv4", `127.0.0.1:${portOf(connected)}`],
    ["pair", keep(rawSocketPair())[0], "connection", "unix", ""],
    ["udp", udp, "datagram", "ipv4", `127.0.0.1:${portOf(udp)}`],
    ["udp6", udp6, "datagram", "ipv6", `[::1]:${portOf(udp6)}`],
    ["unix-datagram", keep(rawSocketPair("datagram"))[0], "datagram", "unix", ""],
    ["bound", bound, "unknown", "ipv4", `127.0.0.1:${portOf(bound)}`],
    ["unbound", keep(rawSocket("ipv4", "stream")), "unknown", "ipv4", "0.0.0.0:0"],
    ["unbound6", keep(rawSocket("ipv6", "stream")), "unknown", "ipv6", "[::]:0"],
    ["unbound-unix", keep(rawSocket("unix", "stream")), "unknown", "unix", ""],
    ["seqpacket", keep(rawSocketPair("seqpacket"))[0], "other", "unix", ""],
    ["netlink", keep(rawSocket("netlink", "raw")), "other", "unknown", null],
    ["pipe", keep(rawPipe())[0], "other", "unknown", null],
    ["file", keep(openSync(import.meta.filename, "r")), "other", "unknown", null],
    ["folder", keep(openSync(tmpdir(), "r")), "other", "unknown", null],
    ["device", keep(openSync("/dev/null", "r+")), "other", "unknown", null],
  ];
  const fds = kinds.map(([, fd]) => fd);
  const asked = await ask(startWithFds(fds, program, { names: kinds.map(([name]) => name) }));
  expect(asked.sockets).toEqual(
    kinds.map(([name, , kind, family, address], index) => ({
      fd: 3 + index,
      name,
      kind,
      family,
      address,
    })),
  );
  expect(asked.again, "a second question has the same answer").toEqual({ sockets: asked.sockets });
  expect(asked.variables, "the variables are gone").toEqual([]);
});

test("the notify socket of the service manager is not opened, whatever its type is", async () => {
  const [inside, outside] = keep<[number, number]>(rawSocketPair("datagram"));
  const listener = keep(rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true }));
  const asked = await ask(startWithFds([inside, listener], program, { names: ["notify", "http"] }));
  expect(asked.sockets?.map(({ kind }) => kind)).toEqual(["datagram", "listener"]);
  // A probe would have been a message to the service manager.
  expect(() => readSync(outside, Buffer.alloc(1))).toThrow("EAGAIN");
});

test("descriptors of OpenFile= are listed, but they alone do not activate the process", async () => {
  const asked = await ask(startWithFds([keep(openSync("/dev/null", "r+"))], program, { names: ["notify"] }));
  expect(asked.sockets).toMatchObject([{ fd: 3, name: "notify", kind: "other" }]);
});

test.each([
  [
    "more descriptors announced than passed",
    { LISTEN_FDS: "2" },
    "SOCKACT_ERR_FD_NOT_OPEN",
    "LISTEN_FDS announces 2 file descriptors, but descriptor 4 was not passed",
  ],
  [
    "a count that is not a number",
    { LISTEN_FDS: "one" },
    "SOCKACT_ERR_LISTEN_FDS",
    'LISTEN_FDS is malformed: "one"',
  ],
  [
    "too few names",
    { LISTEN_FDS: "1", LISTEN_FDNAMES: "a:b" },
    "SOCKACT_ERR_LISTEN_FDNAMES",
    "LISTEN_FDNAMES has 2 names (a:b) for 1 file descriptors",
  ],
])("%s: an error at each call, and the variables are removed anyway", async (_, env, code, message) => {
  const listener = keep(rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true }));
  const asked = await ask(startWithFds([listener], program, { env }));
  expect(asked.error).toMatchObject({ name: "ActivationError", code, message });
  expect(asked.again.error).toEqual(asked.error);
  expect(asked.variables).toEqual([]);
});

describeWith(
  { root: true, commands: ["unshare"] },
  "in a private network namespace (PrivateNetwork=yes)",
  () => {
    const elsewhere = ["unshare", "--net", ...program];

    test("each socket has its address, although /proc/net does not list it", async () => {
      const unix = await freeAddress("unix");
      const abstract = await freeAddress("abstract");
      const tcp = keep(rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true }));
      const tcp6 = keep(rawSocket("ipv6", "stream", { bound: "[::1]:0", listening: true }));
      const connected = keep(rawSocket("ipv4", "stream", { connectedTo: `127.0.0.1:${portOf(tcp)}` }));
      const kinds: [fd: number, kind: string, family: string, address: unknown][] = [
        [tcp, "unknown", "ipv4", `127.0.0.1:${portOf(tcp)}`],
        [tcp6, "unknown", "ipv6", `[::1]:${portOf(tcp6)}`],
        [keep(rawSocket("unix", "stream", { bound: unix, listening: true })), "unknown", "unix", unix],
        [
          keep(rawSocket("unix", "stream", { bound: abstract, listening: true })),
          "unknown",
          "unix",
          abstract,
        ],
        [connected, "connection", "ipv4", `127.0.0.1:${portOf(connected)}`],
        [keep(rawSocketPair())[0], "connection", "unix", ""],
        [keep(rawSocket("unix", "stream")), "unknown", "unix", ""],
        [keep(rawSocket("ipv4", "datagram", { bound: "127.0.0.1:0" })), "datagram", "unknown", null],
        [keep(rawSocketPair("seqpacket"))[0], "other", "unknown", null],
      ];
      const asked = await ask(
        startWithFds(
          kinds.map(([fd]) => fd),
          elsewhere,
        ),
      );
      expect(asked.sockets).toEqual(
        kinds.map(([, kind, family, address], index) => ({
          fd: 3 + index,
          name: "unknown",
          kind,
          family,
          address,
        })),
      );
    });
  },
);
