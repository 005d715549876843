import { fstatSync, writeSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { adopted } from "./adopted-descriptors.ts";
import type { Channel } from "./channel.ts";
import { NotifyError } from "./errors.ts";
import { PING } from "./message.ts";
import { peerOf } from "./peer.ts";
import { processState } from "./process-state.ts";

/** The first passed file descriptor: `SD_LISTEN_FDS_START`. */
const LISTEN_FDS_START = 3;
/**
 * How long a message waits for space in the service manager's queue, in milliseconds. The same as in
 * systemd-notify.
 */
const READ_TIMEOUT_MS = 5000;
const RETRY_MS = 5;

const state = processState("descriptor", {
  /** Pending while the service manager's queue is full. */
  full: undefined as Promise<void> | undefined,
  /** The ping that waits for space. */
  ping: undefined as Promise<void> | undefined,
});

/**
 * Finds the descriptor that leads to the service manager. If the descriptors named `notify` lead elsewhere,
 * returns where.
 */
export function findDescriptor(socket: string): Pick<Channel, "descriptor" | "elsewhere"> {
  let elsewhere: string | undefined;
  for (const fd of [...adopted, ...descriptorsNamedNotify()]) {
    if (!isSocket(fd)) continue;
    const peer = peerOf(fd);
    if (peer === socket || peer === undefined) return { descriptor: fd, elsewhere: undefined };
    // A descriptor without a peer is a listener, from a socket unit with FileDescriptorName=notify.
    elsewhere ??= peer ?? undefined;
  }
  return { descriptor: undefined, elsewhere };
}

/**
 * The descriptors named `notify` in LISTEN_FDNAMES: sd_listen_fds_with_names(3). Leaves the variables for the
 * code that claims the sockets.
 */
function descriptorsNamedNotify(): number[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = process.env;
  if (LISTEN_PID !== String(process.pid)) return [];
  const names = LISTEN_FDNAMES?.split(":") ?? [];
  if (LISTEN_FDS !== String(names.length)) return [];
  return names.flatMap((name, index) => (name === "notify" ? [LISTEN_FDS_START + index] : []));
}

function isSocket(fd: number): boolean {
  try {
    // bigint, because of a bug in Node 20 and 22: after an fstat() with plain numbers, they use its result
    // for the next path.
    return fstatSync(fd, { bigint: true }).isSocket();
  } catch {
    return false;
  }
}

/**
 * Writes a message at once, or waits if the service manager's queue is full. All messages wait at the same
 * time, so several of them do not prolong a stop. Only one ping waits, because two in a row have the same
 * effect.
 */
export function sendToDescriptor(fd: number, text: string): Promise<void> {
  if (state.full === undefined && tryWrite(fd, text)) return Promise.resolve();
  if (text === PING && state.ping !== undefined) return state.ping;
  const deadline = performance.now() + READ_TIMEOUT_MS;
  const sent = (state.full ?? Promise.resolve()).then(() => writeWhenThereIsRoom(fd, text, deadline));
  if (text === PING) state.ping = sent;
  const settled = sent
    .catch(() => {})
    .finally(() => {
      if (state.full === settled) state.full = undefined;
      if (state.ping === sent) state.ping = undefined;
    });
  state.full = settled;
  return sent;
}

async function writeWhenThereIsRoom(fd: number, text: string, deadline: number): Promise<void> {
  while (!tryWrite(fd, text)) {
    if (performance.now() > deadline) {
      throw new NotifyError(
        "SOCKACT_ERR_NOTIFY_SEND",
        `The queue of the service manager is full, and has had no room for the message for ${READ_TIMEOUT_MS} ms`,
        "Find out why the service manager does not read its messages: `systemctl status` and `journalctl _PID=1`.",
      );
    }
    await delay(RETRY_MS);
  }
}

/** Returns false if there was no space for the message. */
function tryWrite(fd: number, text: string): boolean {
  try {
    writeSync(fd, text);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return false;
    throw new NotifyError(
      "SOCKACT_ERR_NOTIFY_SEND",
      `The message could not be written to file descriptor ${fd} (notify): ${(error as Error).message}`,
      "The service manager has ended, or other code of this process has closed the descriptor.",
      { cause: error },
    );
  }
}
