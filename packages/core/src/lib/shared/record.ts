// Records for programs in the journal, beside the lines for people: one datagram of journald's protocol
// (https://systemd.io/JOURNAL_NATIVE_PROTOCOL) for each, without MESSAGE. Loaded only with a descriptor that
// leads to journald.
import { fstatSync, writeSync } from "node:fs";
import process from "node:process";
import { peerOf } from "@sockact/shared/notify";
import { CODE, EVENT, PRIORITY } from "@sockact/shared/records";
import { sendToPrimary } from "./cluster-channel.ts";
import { journal } from "./journal.ts";
import { once, processState } from "./process-state.ts";
import { WARNING } from "./standard-error.ts";

const state = processState("records", {
  /** The inode of the descriptor that leads to journald. Undefined until the first check. */
  inode: undefined as bigint | undefined,
  /** The records from before that. */
  early: [] as string[],
});

/** Sends records to this descriptor, or to the primary of this worker of node:cluster. */
export function recordTo(fd: number | "primary"): void {
  journal.fd = fd;
  once("record warnings", () =>
    process.on("warning", ({ name, code }: Error & { code?: string }) => {
      if (name === "SockactWarning")
        writeRecord({ [PRIORITY]: WARNING, [EVENT]: "warning", [CODE]: codeOf(code) });
    }),
  );
}

/** The code of an error or warning, unless it is not one word. */
export function codeOf(code: unknown): string | undefined {
  return typeof code === "string" && /^\w{1,100}$/.test(code) ? code : undefined;
}

/**
 * Writes a record. Fields that are undefined are left out, and values have no newline. If journald takes no
 * datagram now, the record is lost.
 *
 * @param canWait whether the next record may be written first, because the check of the descriptor takes a
 *   millisecond
 */
export function writeRecord(fields: Record<string, string | number | undefined>, canWait = false): void {
  const text = Object.entries(fields)
    .map(([name, value]) => (value === undefined ? "" : `${name}=${value}\n`))
    .join("");
  if (canWait && state.inode === undefined) state.early.push(text);
  else sendRecord(text);
}

/**
 * Sends the fields of a record: lines `NAME=value`, or in journald's binary form. Each character is a byte.
 * Returns whether journald has got it. A worker does not know, and returns `false`.
 */
export function sendRecord(fields: string): boolean {
  const { fd } = journal;
  if (fd === "primary") sendToPrimary({ act: "record", fields });
  if (typeof fd !== "number" || !leadsToJournal(fd)) return false;
  let isSent = false;
  for (const each of [...state.early.splice(0), fields]) {
    try {
      writeSync(fd, each, null, "latin1");
      isSent = true;
    } catch {
      // Its queue is full, it does not run, or the record is too long.
      isSent = false;
    }
  }
  return isSent;
}

/**
 * Whether this is still the descriptor that leads to journald. The app may have closed it, and its number may
 * belong to another file. The first check makes it non-blocking, see `peerOf()`.
 */
function leadsToJournal(fd: number): boolean {
  const inode = inodeOf(fd);
  if (state.inode !== undefined) return inode === state.inode;
  const peer = peerOf(fd);
  const isRight = peer === undefined || /^\/run\/systemd\/journal(?:\.[^/]+)?\/socket$/.test(peer ?? "");
  if (isRight) state.inode = inode;
  else journal.fd = undefined;
  return isRight && inode !== undefined;
}

function inodeOf(fd: number): bigint | undefined {
  try {
    return fstatSync(fd, { bigint: true }).ino;
  } catch {
    return undefined;
  }
}
