import { fstatSync } from "node:fs";
import process from "node:process";
import { inspect } from "node:util";
import { backendOf, openChannel } from "./backend.ts";
import { sendToDescriptor } from "./descriptor.ts";
import { withUnits } from "@sockact/shared/duration-units";
import { type Duration, milliseconds } from "./duration.ts";
import { takeEnvironment } from "./environment.ts";
import { NotifyError } from "./errors.ts";
import { sendWithFfi } from "./ffi.ts";
import { assignment, formatMessage, type NotifyState, PING } from "./message.ts";
import { sendByProgram } from "./program.ts";
import { undeliverableError } from "./undeliverable.ts";

/**
 * Sends a message to the service manager: sd_notify(3).
 *
 * - Resolves to `false` if no service manager expects messages, for example when you start the program
 *   yourself.
 * - Resolves to `true` if the message was sent. With `systemd-notify`, systemd has also processed it. systemd
 *   ignores unknown variables. If it is unknown whether `NotifyAccess=` accepts messages of `systemd-notify`,
 *   the process emits the warning `SOCKACT_WARN_NOTIFY_UNCHECKED`.
 * - Rejects with a {@link NotifyError}. `SOCKACT_ERR_NOTIFY_STATE`: `notifyState` is not a valid message.
 *   This is checked even if no service manager expects messages. `SOCKACT_ERR_NOTIFY_ACCESS`: the service
 *   manager ignores messages of `systemd-notify`. `SOCKACT_ERR_NOTIFY_PATH`: the path in `OpenFile=` is
 *   wrong. `SOCKACT_ERR_NOTIFY_UNSUPPORTED`, `SOCKACT_ERR_NOTIFY_SOCKET`, `SOCKACT_ERR_NOTIFY_WORKER_THREAD`:
 *   there is no way to send the message. `SOCKACT_ERR_NOTIFY_SEND`: sending failed.
 *
 * The first message that is sent removes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID from `process.env`, so
 * that later child processes do not inherit them. This package remembers their values. A call that sends
 * nothing leaves the variables for other code.
 *
 * With the backends `descriptor` and `ffi`, the message has been sent when this returns, and you can call
 * `process.exit()`. With `systemd-notify`, await the promise first.
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
      "SOCKACT_ERR_NOTIFY_UNSUPPORTED",
      "There is no way to send a message to the service manager",
      channel,
    );
  takeEnvironment();
  if (descriptor !== undefined) await sendToDescriptor(descriptor, text);
  else if (sdNotify !== undefined) sendWithFfi(sdNotify, socket, text, []);
  else if (channel.program !== undefined) await sendByProgram({ ...channel, program: channel.program }, text);
  return true;
}

/**
 * Reports that the service is ready, or that a reload is done. `Type=notify` waits for this. Returns as
 * {@link notify}.
 */
export function ready(): Promise<boolean> {
  return notify("READY=1");
}

/** Reports that the service has begun to stop. This can't be undone. Returns as {@link notify}. */
export function stopping(): Promise<boolean> {
  return notify("STOPPING=1");
}

/**
 * Reports that a reload has begun. `Type=notify-reload` waits for this after SIGHUP. Call {@link ready} when
 * the reload is done. Returns as {@link notify}.
 */
export function reloading(): Promise<boolean> {
  // hrtime is CLOCK_MONOTONIC.
  return notify({ RELOADING: 1, MONOTONIC_USEC: process.hrtime.bigint() / 1000n });
}

/**
 * Reports what the service is doing, for `systemctl status`. Returns as {@link notify}.
 *
 * @param text one line; a line break is an error (`SOCKACT_ERR_NOTIFY_STATE`)
 */
export function status(text: string): Promise<boolean> {
  return notify({ STATUS: text });
}

/** Sends one watchdog ping. {@link startWatchdog} sends them regularly. Returns as {@link notify}. */
export function watchdog(): Promise<boolean> {
  return notify(PING);
}

/**
 * Asks for more time, from now on, to start, to stop, or to run (`RuntimeMaxSec=`). Returns as
 * {@link notify}.
 *
 * @param duration a duration above 0 with its unit, as in systemd.time(7): `30s` or `1min 30s`; anything else
 *   is an error (`SOCKACT_ERR_NOTIFY_STATE`)
 */
export async function extendTimeout(duration: Exclude<Duration, 0>): Promise<boolean> {
  const time = milliseconds(duration) ?? 0;
  const microseconds = Math.round(time * 1000);
  if (microseconds >= 1 && Number.isSafeInteger(microseconds))
    return notify({ EXTEND_TIMEOUT_USEC: BigInt(microseconds) });
  throw new NotifyError(
    "SOCKACT_ERR_NOTIFY_STATE",
    `The extension of a timeout must be a duration with a unit, such as '30s'; got ${inspect(duration)}`,
    `Write ${withUnits(duration, "'") ?? "extendTimeout('30s'), for example"}.`,
  );
}

/** Sets the main process of the service. Returns as {@link notify}. */
export async function mainPid(pid: number): Promise<boolean> {
  if (Number.isInteger(pid) && pid >= 1) return notify({ MAINPID: pid });
  throw new NotifyError(
    "SOCKACT_ERR_NOTIFY_STATE",
    `The PID of the main process must be a whole number of 1 or more; got ${inspect(pid)}`,
    "Pass the `pid` of a child process.",
  );
}

/**
 * Puts a copy of an open file descriptor into the file descriptor store of systemd.service(5). The service
 * manager passes it to the next process of this service under this name, in the same way as sockets. The unit
 * needs `FileDescriptorStoreMax=`; without it, systemd ignores the descriptor. It also needs systemd 254. To
 * remove the descriptor from the store, call `notify({ FDSTOREREMOVE: 1, FDNAME: name })`.
 *
 * The backend `descriptor` can't send descriptors. In that case, `systemd-notify` sends the message, which
 * needs `NotifyAccess=all`, or root.
 *
 * Returns as {@link notify}. It also rejects with `SOCKACT_ERR_NOTIFY_UNSUPPORTED` if there is no
 * `systemd-notify`.
 *
 * @param name 1 to 255 printable ASCII characters, without a colon
 * @param fd the number of an open descriptor
 */
export async function storeFd(name: string, fd: number): Promise<boolean> {
  if (!/^[ -9;-~]{1,255}$/.test(name)) {
    throw new NotifyError(
      "SOCKACT_ERR_NOTIFY_STATE",
      `The name of a stored file descriptor is not valid; got ${JSON.stringify(name)}`,
      "Use 1 to 255 printable ASCII characters, without a colon: see FDNAME in sd_notify(3).",
    );
  }
  try {
    // fstat() of Deno knows only the descriptors that Deno has opened. bigint, because of a bug in Node 20 and
    // 22: after an fstat() with plain numbers, they use its result for the next path.
    if (!process.versions["deno"]) fstatSync(fd, { bigint: true });
  } catch (cause) {
    throw new NotifyError(
      "SOCKACT_ERR_NOTIFY_STATE",
      `No file descriptor ${fd} is open`,
      "Store the descriptor while it is open.",
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
      "SOCKACT_ERR_NOTIFY_UNSUPPORTED",
      `The backend ${backendOf(channel) ?? "none"} cannot pass file descriptors`,
      "Install systemd-notify, and write `NotifyAccess=all` and `FileDescriptorStoreMax=` into [Service].",
    );
  } else {
    takeEnvironment();
    await sendByProgram({ ...channel, program }, "FDSTORE=1", { fd, name });
  }
  return true;
}
