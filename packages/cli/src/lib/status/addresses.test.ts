import { expect, it } from "vitest";
import { readAddresses } from "./addresses.ts";

it("reads what a socket unit listens on", () => {
  expect(
    readAddresses("[::]:80 (Stream)\n/run/a b.sock (SequentialPacket)\n127.0.0.1:53 (Datagram)"),
  ).toEqual([
    { address: "[::]:80", type: "stream" },
    { address: "/run/a b.sock", type: "sequential-packet" },
    { address: "127.0.0.1:53", type: "datagram" },
  ]);
  expect(readAddresses("/run/pipe (FIFO)\nroute 1 (Netlink)\n/dev/x (Special)")).toEqual([
    { address: "/run/pipe", type: "fifo" },
    { address: "route 1", type: "netlink" },
    { address: "/dev/x", type: "other" },
  ]);
  expect(readAddresses("")).toEqual([]);
});
