import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { type Access, readNotifyAccess } from "./notify-access.ts";
import type { Channel } from "./channel.ts";
import { NotifyError } from "./errors.ts";
import { MESSAGE_MAX } from "./message.ts";
import { processState } from "./process-state.ts";
import { undeliverableError, unitHint, wrongPathMessage } from "./undeliverable.ts";
import { warn } from "./warn.ts";

/** A message that waits for a run of systemd-notify(1). */
export interface ProgramMessage {
  readonly text: string;
  /** A descriptor to put into the file descriptor store under this name. */
  readonly store: { readonly fd: number; readonly name: string } | undefined;
  /** When the program that sends the message is killed, by performance.now(). */
  readonly deadline: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The time limit for a message, in milliseconds, including the time in the queue. While the service manager's
 * queue is full, the program itself would wait forever.
 */
const TIMEOUT_MS = 5000;

/**
 * The least time for a run of the program, in milliseconds. If other messages have taken all of the time, the
 * service manager may be reading again.
 */
const SHORTEST_RUN_MS = 1000;

const state = processState("program", {
  /** The messages that wait for the next run of systemd-notify. */
  queue: [] as ProgramMessage[],
  running: false,
  access: undefined as Promise<Access> | undefined,
});

/**
 * The lines of sd_notify(3) that may be merged with those of adjacent messages. A later STATUS replaces an
 * earlier one, and two pings have the effect of one.
 *
 * Messages with any other variable stay separate:
 *
 * - FDSTOREREMOVE, FDSTORE, FDNAME and FDPOLL: of two names in one message, systemd would use one.
 * - BARRIER and FDSTORE: they come with a descriptor.
 * - READY, RELOADING and STOPPING: systemd must see each of these states, in order. RELOADING needs the
 *   MONOTONIC_USEC of the same message.
 * - MAINPID, MAINPIDFDID, NOTIFYACCESS, WATCHDOG_USEC and EXTEND_TIMEOUT_USEC: they change how systemd treats
 *   later messages.
 * - WATCHDOG=trigger: it triggers the watchdog at once, and a ping must not replace it.
 * - Unknown variables: other supervisors have X_ variables.
 */
const MERGEABLE = /^(?:STATUS=|WATCHDOG=1$)/;

/** The path of systemd-notify(1) in PATH. */
export function findProgram(): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "systemd-notify"))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Sends a message with the next run of the program. Resolves when the service manager has processed it. */
export function sendByProgram(
  channel: Channel & { program: string },
  text: string,
  store?: ProgramMessage["store"],
): Promise<void> {
  return new Promise((resolve, reject) => {
    state.queue.push({ text, store, deadline: performance.now() + TIMEOUT_MS, resolve, reject });
    if (!state.running) void runQueue(channel);
  });
}

async function runQueue(channel: Channel & { program: string }): Promise<void> {
  state.running = true;
  for (let first = state.queue[0]; first !== undefined; first = state.queue[0]) {
    const { messages, lines } = nextBatch(state.queue);
    try {
      // The first message does not wait for the check, because the process may be about to end.
      if (state.access !== undefined) await checkAccess(channel);
      await Promise.all([runProgram(channel, first, lines), checkAccess(channel)]);
      for (const { resolve } of messages) resolve();
    } catch (error) {
      for (const { reject } of messages) reject(error);
    }
  }
  state.running = false;
}

/**
 * Removes the next message from the queue, and merges the following ones into it if they allow that and fit.
 * The last line of each variable is used.
 */
export function nextBatch<Message extends Pick<ProgramMessage, "text" | "store">>(
  queue: Message[],
): { messages: Message[]; lines: string[] } {
  const messages = queue.slice(0, 1);
  let lines = messages.flatMap(({ text }) => text.split("\n"));
  for (const message of messages.every(isMergeable) ? queue.slice(1) : []) {
    const merged = lastOfEach([...lines, ...message.text.split("\n")]);
    if (!isMergeable(message) || Buffer.byteLength(merged.join("\n")) > MESSAGE_MAX) break;
    messages.push(message);
    lines = merged;
  }
  queue.splice(0, messages.length);
  return { messages, lines };
}

function isMergeable({ text, store }: Pick<ProgramMessage, "text" | "store">): boolean {
  const lines = text.split("\n");
  // If a message repeats a variable, systemd decides which line to use.
  return (
    store === undefined &&
    lines.every((line) => MERGEABLE.test(line)) &&
    lastOfEach(lines).length === lines.length
  );
}

/** The last line of each variable. */
function lastOfEach(lines: readonly string[]): string[] {
  return [...new Map(lines.map((line) => [line.slice(0, line.indexOf("=")), line])).values()];
}

async function runProgram(
  { program, socket }: Channel & { program: string },
  { store, deadline }: ProgramMessage,
  lines: readonly string[],
): Promise<void> {
  const timeout = Math.ceil(Math.max(deadline - performance.now(), SHORTEST_RUN_MS));
  const options = store === undefined ? [] : ["--fd=3", `--fdname=${store.name}`];
  const fds = store === undefined ? [] : [store.fd];
  let stderr = "";
  let cause: unknown;
  let reason = "";
  try {
    const child: ChildProcess = spawn(program, [...options, "--", ...lines], {
      env: { ...process.env, NOTIFY_SOCKET: socket },
      stdio: ["ignore", "ignore", "pipe", ...fds],
      timeout,
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const [status, signal] = (await once(child, "close")) as [number | null, string | null];
    if (status === 0) return;
    reason = child.killed
      ? "the service manager has not read the message in time"
      : `status ${status ?? signal}`;
  } catch (error) {
    cause = error;
    reason = (error as Error).message;
  }
  throw new NotifyError(
    "SOCKACT_ERR_NOTIFY_SEND",
    `${program} failed: ${stderr.trim() || reason}`,
    store === undefined
      ? "The service manager has ended, or the sandbox forbids the connection: RestrictAddressFamilies= must contain AF_UNIX."
      : "Use systemd 254 or newer, and a file descriptor that epoll(7) can watch. A file on a disk cannot be stored.",
    { cause },
  );
}

/**
 * Checks whether the service manager accepts the program's messages. The program exits with 0 in both cases.
 */
async function checkAccess(channel: Channel): Promise<void> {
  const { socket, elsewhere } = channel;
  state.access ??= readNotifyAccess(socket);
  const access = await state.access;
  if (access.allowed === false) {
    const { unit, notifyAccess, mainPid } = access;
    const main =
      mainPid === undefined || mainPid === process.pid
        ? ""
        : `, nor to this process (${process.pid}): the main process is ${mainPid}, as when ExecStart= runs npm`;
    throw undeliverableError(
      "SOCKACT_ERR_NOTIFY_ACCESS",
      `${unit} has NotifyAccess=${notifyAccess}, so systemd does not listen to systemd-notify${main}`,
      channel,
    );
  }
  if (elsewhere !== undefined)
    warn(
      "SOCKACT_WARN_NOTIFY_PATH",
      `${wrongPathMessage(socket, elsewhere)}: systemd-notify takes its place`,
      unitHint(socket),
    );
  if (access.allowed === "unknown") {
    warn(
      "SOCKACT_WARN_NOTIFY_UNCHECKED",
      `Cannot find out whether the service manager listens to systemd-notify: ${access.reason}`,
      `Without NotifyAccess=all, systemd drops the message and reports nothing. ${unitHint(socket)}`,
    );
  }
}
