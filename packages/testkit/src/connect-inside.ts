import { closeSync, openSync } from "node:fs";
import { Socket } from "node:net";
import koffi from "koffi";
import type { ListenAddress } from "../../testing/src/raw-sockets.ts";
import { openConnection } from "../../testing/src/http-request.ts";
import type { PrivateSystemd } from "../../testing/src/private-systemd.ts";
import { rawSocket } from "../../testing/src/raw-sockets.ts";

const libc = koffi.load("libc.so.6");
const setns = libc.func("setns", "int", ["int", "int"]);
const CLONE_NEWNET = 0x40000000;

/**
 * Connects to an address of systemd.socket(5) inside a private systemd. The kernel accepts at once if the
 * address listens.
 */
export function connectInside(systemd: PrivateSystemd, address: ListenAddress): Socket {
  if (address.startsWith("/")) return openConnection(systemd.hostPath(address));
  const family = address.startsWith("@") ? "unix" : address.startsWith("[") ? "ipv6" : "ipv4";
  return new Socket({
    fd: inNetworkOf(systemd, () => rawSocket(family, "stream", { connectedTo: address })),
  });
}

/** A UDP socket inside, bound to a free port of 127.0.0.1. The caller closes the descriptor. */
export function datagramSocketInside(systemd: PrivateSystemd): number {
  return inNetworkOf(systemd, () => rawSocket("ipv4", "datagram", { bound: "127.0.0.1:0" }));
}

/**
 * Runs a function in the network namespace of a private systemd. A socket stays in the namespace in which it
 * was created.
 */
function inNetworkOf<T>(systemd: PrivateSystemd, action: () => T): T {
  const own = openSync("/proc/thread-self/ns/net", "r");
  const inside = openSync(`/proc/${systemd.pid}/ns/net`, "r");
  try {
    enter(inside);
    return action();
  } finally {
    enter(own);
    closeSync(inside);
    closeSync(own);
  }
}

/** setns(2) affects only this thread, so the rest of the process does not change. */
function enter(namespace: number): void {
  if (setns(namespace, CLONE_NEWNET) !== 0) throw new Error(`setns() failed with errno ${koffi.errno()}`);
}
