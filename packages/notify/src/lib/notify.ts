import { fstatSync } from "node:fs";
import process from "node:process";
import { inspect } from "node:util";
import { backendOf, openChannel } from "./backend.ts";
import { sendToDescriptor } from "./descriptor.ts";
import { type Duration, milliseconds, withUnits } from "./duration.ts";
import { takeEnvironment } from "./environment.ts";
import { NotifyError } from "./errors.ts";
import { sendWithFfi } from "./ffi.ts";
import { assignment, formatMessage, type NotifyState } from "./message.ts";
import { sendByProgram } from "./program.ts";
import { undeliverableError } from "./undeliverable.ts";

/**
 * Tells the service manager something: sd_notify(3).
 *
 * - `false`: no service manager asks for messages, as when you start the program yourself. Nothing was sent.
 * - `true`: it was sent; by `systemd-notify`, also dealt with. Where neither systemd nor the unit's files show that `NotifyAccess=` lets
 *   that program through, the process warning `SOCKACT_NOTIFY_UNCHECKED` says so. Sent is not obeyed: systemd ignores what it does not know.
 * - rejects with {@link NotifyError} `ERR_NOTIFY_STATE`: `notifyState` is not a valid message; this is checked even where no service manager
 *   asks for messages. `ERR_NOTIFY_ACCESS`: the service manager does not listen to `systemd-notify`. `ERR_NOTIFY_UNSUPPORTED`,
 *   `ERR_NOTIFY_SOCKET`, `ERR_NOTIFY_WORKER_THREAD`: there is no way to send it. `ERR_NOTIFY_SEND`: sending failed.
 *
 * The first message that goes out removes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID from `process.env`, so that children that start
 * later do not get them. This package remembers what they said. Until a message goes out, nothing is removed: a call that resolves to `false`,
 * or rejects before it sends, leaves the variables for others.
 *
 * With the `descriptor` and `ffi` backends the message has gone when this returns, and `process.exit()` may follow. With
 * `systemd-notify`, wait for the promise.
 *
 * @param notifyState `READY=1\nSTATUS=Serving` or `{ READY: 1, STATUS: "Serving" }`; at most 4096 bytes
 */
export async function notify(notifyState: NotifyState): Promise<boolean> {
  const text = formatMessage(notifyState);
  const channel = openChannel();
  if (channel === undefined) return false;
  const { socket, descriptor, sdNotify } = channel;
  if (backendOf(channel) === undefined)
    throw undeliverableError(
      "ERR_NOTIFY_UNSUPPORTED",
      "There is no way to send a message to the service manager",
      channel,
    );
  takeEnvironment();
  if (descriptor !== undefined) await sendToDescriptor(descriptor, text);
  else if (sdNotify !== undefined) sendWithFfi(sdNotify, socket, text, []);
  else if (channel.program !== undefined) await sendByProgram({ ...channel, program: channel.program }, text);
  return true;
}

/** Tells that the service is ready, or has reloaded: what `Type=notify` waits for. Outcomes as of {@link notify}. */
export function ready(): Promise<boolean> {
  return notify("READY=1");
}

/** Tells that the service has begun to stop. Final. Outcomes as of {@link notify}. */
export function stopping(): Promise<boolean> {
  return notify("STOPPING=1");
}

/** Tells that the service has begun to reload: what `Type=notify-reload` waits for after SIGHUP. Once done, call {@link ready}. Outcomes as of {@link notify}. */
export function reloading(): Promise<boolean> {
  // hrtime is CLOCK_MONOTONIC.
  return notify({ RELOADING: 1, MONOTONIC_USEC: process.hrtime.bigint() / 1000n });
}

/**
 * Says what the service is doing: `systemctl status` shows it. Outcomes as of {@link notify}.
 *
 * @param text one line; a line break is refused (`ERR_NOTIFY_STATE`)
 */
export function status(text: string): Promise<boolean> {
  return notify({ STATUS: text });
}

/** Tells that the service is alive, once: {@link startWatchdog} does so by itself. Outcomes as of {@link notify}. */
export function watchdog(): Promise<boolean> {
  return notify("WATCHDOG=1");
}

/**
 * Asks for more time to start, to stop, or to run (`RuntimeMaxSec=`), from now on. Outcomes as of {@link notify}.
 *
 * @param duration with its unit and more than 0, as in systemd.time(7): `30s` or `1min 30s`; anything else is refused (`ERR_NOTIFY_STATE`)
 */
export async function extendTimeout(duration: Exclude<Duration, 0>): Promise<boolean> {
  const time = milliseconds(duration) ?? 0;
  const microseconds = Math.round(time * 1000);
  if (microseconds >= 1 && Number.isSafeInteger(microseconds))
    return notify({ EXTEND_TIMEOUT_USEC: BigInt(microseconds) });
  throw new NotifyError(
    "ERR_NOTIFY_STATE",
    `The time to extend a timeout by must be a duration with a unit, such as '30s'; got ${inspect(duration)}`,
    `Write ${withUnits(duration, "'") ?? "extendTimeout('30s'), for example"}.`,
  );
}

/** Names the process that is the main one of the service from now on. Outcomes as of {@link notify}. */
export async function mainPid(pid: number): Promise<boolean> {
  if (Number.isInteger(pid) && pid >= 1) return notify({ MAINPID: pid });
  throw new NotifyError(
    "ERR_NOTIFY_STATE",
    `A main PID must be a whole number of 1 or more; got ${inspect(pid)}`,
    "Give the `pid` of a child process.",
  );
}

/**
 * Gives the service manager a copy of an open file descriptor, which it passes to this service's next process, by this name, as
 * it does sockets: the file descriptor store of systemd.service(5). It needs `FileDescriptorStoreMax=`, without which systemd ignores it,
 * and systemd 254. Take it out again with `notify({ FDSTOREREMOVE: 1, FDNAME: name })`.
 *
 * A message written to a descriptor carries none: with the `descriptor` backend this one takes `systemd-notify`, and so needs
 * `NotifyAccess=all`, or root.
 *
 * Outcomes as of {@link notify}; `ERR_NOTIFY_UNSUPPORTED` also when there is no `systemd-notify`.
 *
 * @param name at most 255 printable ASCII characters, and no colon
 */
export async function storeFd(name: string, fd: number): Promise<boolean> {
  if (!/^[ -9;-~]{1,255}$/.test(name)) {
    throw new NotifyError(
      "ERR_NOTIFY_STATE",
      `This can't be the name of a stored file descriptor: ${JSON.stringify(name)}`,
      "Use 1 to 255 printable ASCII characters, and no colon: see FDNAME in sd_notify(3).",
    );
  }
  try {
    // As bigints, since Node 20 and 22 take the plain numbers that fstat() leaves behind for those of the next path.
    fstatSync(fd, { bigint: true });
  } catch (cause) {
    throw new NotifyError(
      "ERR_NOTIFY_STATE",
      `No file descriptor ${fd} is open`,
      "Store it while it is open.",
      {
        cause,
      },
    );
  }
  const channel = openChannel();
  if (channel === undefined) return false;
  const { socket, sdNotify, program } = channel;
  if (sdNotify !== undefined) {
    takeEnvironment();
    sendWithFfi(sdNotify, socket, `FDSTORE=1\n${assignment("FDNAME", name)}`, [fd]);
  } else if (program === undefined) {
    throw new NotifyError(
      "ERR_NOTIFY_UNSUPPORTED",
      `The backend ${backendOf(channel) ?? "none"} can't pass file descriptors`,
      "Install systemd-notify, and write `NotifyAccess=all` and `FileDescriptorStoreMax=` into [Service].",
    );
  } else {
    takeEnvironment();
    await sendByProgram({ ...channel, program }, "FDSTORE=1", { fd, name });
  }
  return true;
}
